import { expect, test } from "bun:test";
import type { KeptResult } from "../../../src/sdk/kept-results.ts";
import { readResult } from "../../../src/tools/read-result/read-result.ts";
import { conversation } from "../../support/conversation.ts";
import { callTool, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function call(input: object, kept: KeptResult | undefined) {
  await using workspace = await testWorkspace();
  const results = { find: (_: string, handle: string) => (handle === "r1" ? kept : undefined) };
  return await callTool(readResult, { results }, { handle: "r1", ...input }, workspace.context());
}

const kept = { tool: "t", text: "0123456789".repeat(3) };

test("read_result shows the part that is wanted", async () => {
  expect(await call({}, kept)).toEqual({ ok: true, text: `[t, characters 0 to 30 of 30]\n${kept.text}` });
  expect((await call({ offset: 5, limit: 10 }, kept)).text).toBe(
    "[t, characters 5 to 15 of 30]\n5678901234\n[go on with offset 15]",
  );
  expect((await call({ offset: 10, limit: 3, find: "78" }, kept)).text).toStartWith(
    "[t, characters 17 to 20 of 30]\n789",
  );
  expect(await call({ find: "zz" }, kept)).toEqual({
    ok: false,
    text: '"zz" does not stand behind 0 in the result of t',
  });
  expect(await call({ offset: 30 }, kept)).toEqual({ ok: false, text: "The result has 30 characters" });
});

test("read_result says that a stranger wrote it, and when it is gone", async () => {
  expect((await call({}, { ...kept, untrusted: true })).untrusted).toBe(true);
  expect(await refusalOf(call({}, undefined))).toBe('not_found: There is no result "r1", or no more');
});

test("a long result is shown in part, with the handle under which the rest is read", async () => {
  await using t = await conversation();
  t.fake.reply("w".repeat(90_000));
  await t.client.call("session.send", { message: "Hi" });
  const { result } = await t.client.call("tool.call", { tool: "session_history", args: {} });
  const [, gap, handle, offset] =
    /\[… (\d+) characters left out; read_result with handle "(\w+)" and offset (\d+) shows more …\]/.exec(result)!;
  expect([result.length < 61_000, Number(gap) > 30_000, offset]).toEqual([true, true, "30000"]);
  const args = { handle, offset: Number(offset), limit: 10 };
  const more = await t.client.call("tool.call", { tool: "read_result", args });
  expect(more.result).toStartWith("[session_history, characters 30000 to 30010 of 90");
  const elsewhere = { tool: "read_result", args, session_key: "agent:main:chat:other" };
  expect((await t.client.call("tool.call", elsewhere)).ok).toBe(false);
});
