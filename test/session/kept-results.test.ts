import { expect, test } from "bun:test";
import { createKeptResults, type KeptResultsOptions } from "../../src/session/kept-results.ts";
import { createStores } from "../../src/session/stores.ts";
import { openStore } from "../../src/store/store.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";

const MAIN = "agent:main:main";

async function setUp(limits: Partial<KeptResultsOptions> = {}) {
  const { log } = testLog();
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const store = stack.use(openStore(`${folder.path}/a.db`, { log }));
  const memory = stack.use(openStore(":memory:", { log }));
  const stores = createStores(store, () => memory);
  let time = 0;
  const results = createKeptResults({ stores, now: () => time++, ...limits });
  const owned = stack.move();
  return { results, stores, store, folder, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test("KeptResults gives back what was kept, to its session alone, and goes with it", async () => {
  await using t = await setUp();
  const kept = { tool: "web_fetch", text: "long", untrusted: true } as const;
  const handle = await t.results.keep(MAIN, kept);
  expect([
    t.results.find(MAIN, handle),
    t.results.find("agent:main:chat:other", handle),
    t.results.find(MAIN, "x"),
  ]).toEqual([kept, undefined, undefined]);
  await t.store.write((db) => db.query("DELETE FROM session").run());
  expect(t.results.find(MAIN, handle)).toBeUndefined();
});

test("KeptResults keeps the latest only, and the beginning of what is too long", async () => {
  await using t = await setUp({ maxResults: 2, maxText: 100, maxTotal: 1000 });
  const handles = [];
  for (const text of ["a", "b", "c".repeat(200)]) handles.push(await t.results.keep(MAIN, { tool: "t", text }));
  expect(handles.map((handle) => t.results.find(MAIN, handle)?.text)).toEqual([undefined, "b", "c".repeat(100)]);
  await using small = await setUp({ maxTotal: 300 });
  const first = await small.results.keep(MAIN, { tool: "t", text: "a".repeat(200) });
  await small.results.keep(MAIN, { tool: "t", text: "b".repeat(200) });
  expect(small.results.find(MAIN, first)).toBeUndefined();
});

test("KeptResults writes nothing of an ephemeral session to disk", async () => {
  await using t = await setUp();
  const key = "agent:main:ephemeral:x";
  const handle = await t.results.keep(key, { tool: "t", text: "secret words" });
  expect(t.results.find(key, handle)?.text).toBe("secret words");
  expect(t.store.db.query("SELECT count(*) AS n FROM session_state").get()).toEqual({ n: 0 });
});
