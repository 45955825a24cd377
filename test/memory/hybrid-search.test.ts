import { expect, test } from "bun:test";
import { OWNER, testMemory } from "../support/memory.ts";
import { until } from "../support/until.ts";

const SAME = [
  ["physician", "doctor"],
  ["automobile", "car"],
];

type TestMemory = Awaited<ReturnType<typeof testMemory>>;
const find = (t: TestMemory, query: string) =>
  t.memory.search("main", OWNER, { query, limit: 1 }, new AbortController().signal);
const vectors = (t: TestMemory) => t.memory.stats("main", OWNER).vectors;

test("Memory finds by meaning where a model makes vectors, and by words where none does", async () => {
  await using t = await testMemory({ vectors: SAME });
  await t.remember("Anna is a physician");
  await t.remember("Ben repairs bicycles");
  await t.memory.settled();
  expect(await find(t, "doctor")).toMatchObject({ mode: "hybrid", facts: [{ content: "Anna is a physician" }] });
  expect((await t.recall("Which doctor do I know?"))?.text).toContain("physician");
  const { rows } = t.usage.summary({ by: "model", limit: 5 });
  expect(rows.map(({ key, cost_usd }) => [key, cost_usd])).toEqual([["vectors/v", null]]);
  await using plain = await testMemory();
  await plain.remember("Anna is a physician");
  expect(await find(plain, "doctor")).toEqual({ mode: "text", facts: [] });
});

test("Memory makes the vectors in the background, and stores without waiting for them", async () => {
  await using t = await testMemory({ vectors: SAME });
  const { promise, resolve } = Promise.withResolvers<void>();
  t.embeddings.gate = promise;
  await t.remember("Anna is a physician");
  expect(vectors(t)).toBe(0);
  resolve();
  await until(() => vectors(t) === 1);
});

test("Memory drops the vector with its fact, and finds what came since", async () => {
  await using t = await testMemory({ vectors: SAME });
  const { fact_id } = await t.remember("Anna is a physician");
  await t.memory.settled();
  await find(t, "doctor");
  await t.memory.forget("main", OWNER, fact_id);
  await t.remember("Ben drives an automobile");
  await t.memory.settled();
  expect(vectors(t)).toBe(1);
  expect((await find(t, "car")).facts.map(({ content }) => content)).toEqual(["Ben drives an automobile"]);
});

test("Memory falls back to words when vectors cannot be had, and tries again later", async () => {
  await using t = await testMemory({ vectors: SAME });
  await t.remember("Anna is a physician");
  await t.memory.settled();
  t.embeddings.failing = 400;
  expect(await find(t, "physician")).toMatchObject({ mode: "text", facts: [{ content: "Anna is a physician" }] });
  expect((await t.recall("physician"))?.text).toContain("Anna");
  await t.remember("Ben drives an automobile");
  await t.memory.settled();
  expect([vectors(t), t.warned()]).toEqual([
    1,
    ["facts are searched by their words alone", "vectors of facts could not be made; facts are found by their words"],
  ]);
});

test("Memory recalls by words when vectors are late", async () => {
  await using t = await testMemory({ vectors: SAME, settings: { recall: { wait_ms: 5 } } });
  await t.remember("Anna is a physician");
  await t.memory.settled();
  t.embeddings.gate = new Promise(() => undefined);
  expect((await t.recall("the physician"))?.text).toContain("Anna");
});
