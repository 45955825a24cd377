import { expect, test } from "bun:test";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { createMedia, createMemoryShelf } from "../../../src/media/media.ts";
import { createFiles } from "../../../src/sandbox/files.ts";
import { sendFile } from "../../../src/tools/send-file/send-file.ts";
import { callTool, prepareCall, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function setUp() {
  const workspace = await testWorkspace();
  const media = createMedia({ durable: createMemoryShelf(), ephemeral: createMemoryShelf() });
  const needs = { files: createFiles({ home: workspace.home }), media };
  const call = (path: string) => callTool(sendFile, needs, { path }, workspace.context());
  return { ...workspace, needs, media, call };
}

test("send_file gives a file to the person, under its own name and as what its bytes say", async () => {
  await using t = await setUp();
  await t.write("out/table.csv", "a,b\n1,2\n");
  const { ok, text, media } = await t.call("out/table.csv");
  expect([ok, text]).toEqual([true, '"out/table.csv" (text/plain, 8 bytes) goes out with your answer']);
  const [part] = media!;
  expect(part).toEqual({
    type: "media",
    media_id: expect.stringMatching(/^media_/),
    mime: "text/plain",
    size: 8,
    name: "table.csv",
    for_person: true,
  });
  expect(new TextDecoder().decode((await t.media.get(part!.media_id)).bytes)).toBe("a,b\n1,2\n");
  await t.write("a.bin", "\0\x01\x02");
  expect((await t.call("a.bin")).media![0]!.mime).toBe("application/octet-stream");
});

test("send_file says what it will do, and is the owner's", async () => {
  await using t = await setUp();
  await t.write("a.txt", "one");
  const { tier, plan } = await prepareCall(sendFile, t.needs, { path: "./x/../a.txt" }, t.context());
  expect([tier, plan, sendFile.ownerOnly]).toEqual(["allow", { path: "a.txt" }, true]);
});

test("send_file refuses what is not there, outside of the workspace, or too large", async () => {
  await using t = await setUp();
  expect(await refusalOf(t.call("none.txt"))).toStartWith("not_found: ");
  expect(await refusalOf(t.call("../config.toml"))).toMatch(/^(?:sandbox_denied|forbidden|invalid_params): /);
  await t.write("large.bin", "");
  await truncate(join(t.context().workspace, "large.bin"), 20_000_001);
  expect(await refusalOf(t.call("large.bin"))).toBe(
    'payload_too_large: "large.bin" has 20000001 bytes; at most 20000000 are sent',
  );
});
