import { expect, test } from "bun:test";
import { memoryForget } from "../../../src/tools/memory-forget/memory-forget.ts";
import { memorySearch } from "../../../src/tools/memory-search/memory-search.ts";
import { memoryStore } from "../../../src/tools/memory-store/memory-store.ts";
import { testLog } from "../../support/log.ts";
import { MAIN, OWNER, testMemory } from "../../support/memory.ts";
import { callTool, prepareCall, refusalOf } from "../../support/tool-call.ts";

const context = (more: object = {}) => ({
  workspace: "/tmp",
  agent: "main",
  sessionKey: MAIN,
  runId: "run_1",
  callId: "c",
  identity: OWNER,
  tainted: false,
  signal: new AbortController().signal,
  log: testLog().log,
  progress: () => undefined,
  ...more,
});

async function setUp() {
  const t = await testMemory({ now: () => Date.parse("2026-05-03") });
  return { ...t, needs: { memory: t.memory, now: () => Date.parse("2026-05-03") } };
}

test("memory_store remembers, says what gives way, and marks what came with content from outside", async () => {
  await using t = await setUp();
  const store = (input: object, more: object = {}) => callTool(memoryStore, t.needs, input, context(more));
  const first = await store({ content: "The user lives in Berlin", subject: "home city", expires_in_days: 2 });
  const id = first.text.replace("Remembered: ", "");
  expect(t.memory.get("main", OWNER, id)).toMatchObject({
    source: "agent",
    trusted: true,
    run_id: "run_1",
    session_key: MAIN,
    expires_at: Date.parse("2026-05-05"),
  });
  const foreign = await store({ content: "The user lives in Oslo", subject: "home city" }, { tainted: true });
  expect(foreign.text).toEndWith(
    `Marked as from outside, because content from outside is in this conversation\nContradicts ${id}, which stays: The user lives in Berlin`,
  );
  const next = await store({ content: "The user lives in Rome", replaces: id });
  expect(next.text).toEndWith(`Takes the place of ${id}: The user lives in Berlin`);
  expect((await store({ content: "The user lives in Rome" })).text).toStartWith("Known already: fact_");
});

test("memory_search shows facts with their ids, and says which are from outside", async () => {
  await using t = await setUp();
  const search = (query: string) => callTool(memorySearch, t.needs, { query }, context());
  expect(await search("tea")).toEqual({ ok: true, text: "Nothing is remembered of it" });
  const own = await t.remember("The user likes tea");
  expect(await search("tea")).toEqual({ ok: true, text: `[${own.fact_id}] 2026-05-03: The user likes tea` });
  await t.remember("The shop has tea", { trusted: false });
  expect(await search("shop")).toMatchObject({
    untrusted: true,
    text: expect.stringContaining("2026-05-03 (from outside, not checked): The shop has tea"),
  });
});

test("memory_forget forgets for good, and asks where content from outside is in the conversation", async () => {
  await using t = await setUp();
  const { fact_id } = await t.remember("The user likes tea");
  expect((await prepareCall(memoryForget, t.needs, { fact_id }, context({ tainted: true }))).tier).toBe("ask");
  expect(await callTool(memoryForget, t.needs, { fact_id }, context())).toEqual({
    ok: true,
    text: "Forgotten: The user likes tea",
  });
  expect(await refusalOf(callTool(memoryForget, t.needs, { fact_id }, context()))).toStartWith("not_found");
});

test("the tools of memory are for the owner, and nothing of an ephemeral conversation is kept", async () => {
  await using t = await setUp();
  const guest = context({ identity: { id: "g", kind: "guest" } });
  const tier = async (tool: Parameters<typeof prepareCall>[0], input: object, where = guest) =>
    (await prepareCall(tool, t.needs, input, where)).tier;
  expect([
    await tier(memoryStore, { content: "x" }),
    await tier(memorySearch, { query: "x" }),
    await tier(memoryForget, { fact_id: "fact_0" }),
    await tier(memoryStore, { content: "x" }, context({ sessionKey: "agent:main:ephemeral:x" })),
    await tier(memoryStore, { content: "x" }, context()),
  ]).toEqual(["deny", "deny", "deny", "deny", "allow"]);
});
