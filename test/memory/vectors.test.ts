import { expect, test } from "bun:test";
import { quantize, Vectors } from "../../src/memory/vectors.ts";
import { openStore } from "../../src/store/store.ts";
import { testFolder } from "../support/folder.ts";
import { testLog } from "../support/log.ts";
import { seededRandom } from "../support/random.ts";

const WHERE = { agent: "main", owner: "owner" };

async function withVectors(count: number, dimensions: number) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const path = `${folder.path}/v.db`;
  const store = stack.use(openStore(path, { log: testLog().log }));
  const random = seededRandom(7);
  const all = Array.from({ length: count }, () => Array.from({ length: dimensions }, () => random() - 0.5));
  store.writeRelaxed((db) => {
    for (const [index, vector] of all.entries()) {
      db.query(
        `INSERT INTO fact (id, fact_id, agent, owner, content, digest, metadata, source, trusted, confidence, created_at, updated_at)
         VALUES (?, ?, ?, 'owner', 'x', 'x', '{}', 'person', 1, 1, 1, 1)`,
      ).run(index + 1, `fact_${index + 1}`, index % 5 === 4 ? "other" : "main");
      db.query("INSERT INTO fact_vector (fact, model, vector) VALUES (?, 'm', ?)").run(index + 1, quantize(vector));
    }
  });
  const vectors = stack.use(new Vectors({ path, idleMs: 1 }));
  const owned = stack.move();
  return { vectors, all, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test.each([3, 64, 100, 768])(
  "Vectors finds the nearest of %d dimensions, of one namespace and one model",
  async (dimensions) => {
    await using t = await withVectors(300, dimensions);
    const query = quantize(t.all[17]!);
    const dot = (vector: readonly number[]) =>
      quantize(vector).reduce((sum, value, index) => sum + value * query[index]!, 0);
    const expected = t.all
      .map((vector, index) => ({ fact: index + 1, score: dot(vector) / (127 * 127) }))
      .filter(({ fact }) => fact % 5 !== 0)
      .toSorted((a, b) => b.score - a.score || a.fact - b.fact);
    const found = await t.vectors.nearest(WHERE, { model: "m", vector: query, limit: 10 });
    expect(found.map(({ score }) => score)).toEqual(expected.slice(0, 10).map(({ score }) => score));
    expect(found[0]?.fact).toBe(18);
    expect(await t.vectors.nearest(WHERE, { model: "other", vector: query, limit: 10 })).toEqual([]);
  },
);

test("Vectors says what is wrong when there is no database, and can be asked again", async () => {
  using vectors = new Vectors({ path: "/nowhere/at/all.db" });
  const ask = () => vectors.nearest(WHERE, { model: "m", vector: quantize([1, 0]), limit: 1 });
  expect(ask()).rejects.toMatchObject({ reason: "internal", message: "Vectors cannot be compared" });
  expect(ask()).rejects.toMatchObject({ reason: "internal" });
  await ask().catch(() => "as above");
});

test("quantize makes all vectors the same length", () => {
  expect([...quantize([3, 4])]).toEqual([76, 102]);
  expect([...quantize([0.03, 0.04])]).toEqual([76, 102]);
  expect([...quantize([0, 0])]).toEqual([0, 0]);
});
