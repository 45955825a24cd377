import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { createFacts, type ShownFact } from "../../../src/panel/state/facts.ts";

const fact = { fact_id: "fact_1", agent: "main", content: "Tea" } as ShownFact;

/** Answers as the server does, and remembers what was asked. */
function server() {
  const asked: unknown[] = [];
  const call = (async (method: string, params: object) => {
    if (method === "memory.stats") return { facts: 2, retired: 0, untrusted: 0, vectors: 0, embedding_model: null };
    asked.push([method, params]);
    if (method === "memory.list") return { facts: [fact], next: "fact_1" };
    if (method === "memory.search") return { facts: [{ ...fact, score: 1 }], mode: "text" };
    return { fact_id: "fact_2", duplicate: false, retired: [], conflicts: [] };
  }) as unknown as Call;
  return { facts: createFacts(call), takeAsked: () => asked.splice(0) };
}

test("createFacts lists the latest, more of them, and what fits words", async () => {
  const { facts, takeAsked } = server();
  await facts.load();
  expect([facts.list.value, facts.hasMore.value, facts.stats.value?.facts]).toEqual([[fact], true, 2]);
  await facts.more();
  await facts.search(" tea ");
  expect([facts.query.value, facts.hasMore.value]).toEqual(["tea", false]);
  await facts.search("");
  expect(takeAsked()).toEqual([
    ["memory.list", { limit: 100 }],
    ["memory.list", { limit: 400 }],
    ["memory.search", { query: "tea", limit: 50 }],
    ["memory.list", { limit: 100 }],
  ]);
});

test("createFacts adds and forgets, and reads the list after each", async () => {
  const { facts, takeAsked } = server();
  await facts.add("Oslo", "home city");
  await facts.add("Oslo", "");
  await facts.forget(fact);
  const list = ["memory.list", { limit: 100 }];
  expect(takeAsked()).toEqual([
    ["memory.store", { content: "Oslo", subject: "home city" }],
    list,
    ["memory.store", { content: "Oslo" }],
    list,
    ["memory.delete", { fact_id: "fact_1", agent: "main" }],
    list,
  ]);
});

test("createFacts tells the words that are looked for while it shows others, and when only the best fit", async () => {
  const found = Promise.withResolvers<object>();
  const call = (async (method: string) =>
    method === "memory.search" ? found.promise : { facts: [fact] }) as unknown as Call;
  const facts = createFacts(call);
  await facts.load();
  const looking = facts.search("tea");
  expect([facts.asked.value, facts.query.value, facts.isCut.value]).toEqual(["tea", "", false]);
  found.resolve({ facts: Array.from({ length: 50 }, () => fact) });
  await looking;
  expect([facts.asked.value, facts.query.value, facts.isCut.value]).toEqual(["tea", "tea", true]);
});

test("createFacts tells when there are more than it ever lists", async () => {
  const call = (async (_method: string, { limit = 0 }: { limit?: number }) => ({
    facts: Array.from({ length: limit }, () => fact),
    next: "fact_1",
  })) as unknown as Call;
  const facts = createFacts(call);
  const seen: unknown[] = [];
  await facts.load();
  for (let count = 0; count < 3; count++) {
    seen.push([facts.list.value?.length, facts.hasMore.value, facts.isCut.value]);
    await facts.more();
  }
  expect([...seen, [facts.list.value?.length, facts.hasMore.value, facts.isCut.value]]).toEqual([
    [100, true, false],
    [400, true, false],
    [700, true, false],
    [1000, false, true],
  ]);
});
