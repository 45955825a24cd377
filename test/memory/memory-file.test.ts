import { expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { MAIN, OWNER, testMemory } from "../support/memory.ts";

type TestMemory = Awaited<ReturnType<typeof testMemory>>;

const outside = {
  type: "tool_result",
  call_id: "c",
  tool: "web_fetch",
  status: "ok",
  text: "x",
  untrusted: true,
} as const;
const contents = (t: TestMemory, retired = false) =>
  t.memory
    .list("main", OWNER, { limit: 20, retired })
    .map(({ content }) => content)
    .toSorted();
const read = (t: TestMemory) => readFileSync(t.file, "utf8");
const edit = (t: TestMemory, from: string, to: string) => writeFileSync(t.file, read(t).replace(from, to));

async function withFacts(...facts: readonly string[]) {
  const t = await testMemory();
  for (const fact of facts) await t.remember(fact);
  await t.memory.settled();
  return t;
}

test("MEMORY.md shows the facts, those from outside apart, and follows them", async () => {
  await using t = await withFacts("The user likes tea");
  const foreign = await t.remember("The user likes spam", { trusted: false });
  await t.memory.settled();
  const id = /<!-- (fact_\w+) -->/.exec(read(t))?.[1];
  expect(read(t).split("\n\n").slice(2).join("\n\n")).toBe(
    `- The user likes tea <!-- ${id} -->\n\n## From outside, not checked\n\n- The user likes spam <!-- ${foreign.fact_id} -->\n`,
  );
  await t.memory.forget("main", OWNER, foreign.fact_id);
  await t.memory.settled();
  expect(read(t)).not.toContain("spam");
});

test("MEMORY.md is not made where there is nothing to remember, nor where it is off", async () => {
  await using t = await testMemory();
  await t.recall("anything");
  await t.memory.settled();
  expect(await Bun.file(t.file).exists()).toBe(false);
  await using off = await testMemory({ settings: { file: false } });
  await off.remember("The user likes tea");
  await off.memory.settled();
  expect(await Bun.file(off.file).exists()).toBe(false);
});

test("MEMORY.md takes what a person changes, adds and removes before the next run", async () => {
  await using t = await withFacts("The user likes tea", "The user likes rain", "The user likes cats");
  edit(t, "likes tea", "likes green tea");
  writeFileSync(t.file, `${read(t).replace(/- The user likes rain.*\n/, "")}\n- The user has a dog\n`);
  await t.recall("hello");
  await t.memory.settled();
  expect(contents(t)).toEqual(["The user has a dog", "The user likes cats", "The user likes green tea"]);
  const list = t.memory.list("main", OWNER, { limit: 9 });
  expect(list.find(({ content }) => content.includes("dog"))).toMatchObject({ source: "file", trusted: true });
  // Nothing is lost: what was changed and removed can still be looked at.
  expect(contents(t, true)).toContain("The user likes rain");
  expect(contents(t, true)).toContain("The user likes tea");
  expect(read(t)).toMatch(/- The user has a dog <!-- fact_\w+ -->/);
});

test("MEMORY.md: the person's edit goes before what was learned meanwhile, which is kept", async () => {
  await using t = await testMemory();
  const { fact_id } = await t.remember("The user lives in Berlin", { subject: "home city" });
  await t.memory.settled();
  edit(t, "lives in Berlin", "lives in Bern");
  await t.remember("The user lives in Oslo", { subject: "home city" });
  await t.recall("hello");
  await t.memory.settled();
  expect(contents(t)).toEqual(["The user lives in Bern"]);
  expect(contents(t, true)).toEqual(["The user lives in Berlin", "The user lives in Bern", "The user lives in Oslo"]);
  expect(t.memory.get("main", OWNER, fact_id).retired_at).not.toBeNull();
  expect(read(t)).toContain("Bern <!--");
});

test("MEMORY.md is written anew when it is gone or emptied: that forgets nothing", async () => {
  await using t = await withFacts("The user likes tea");
  const before = read(t);
  rmSync(t.file);
  await t.recall("hello");
  await t.memory.settled();
  expect(read(t)).toBe(before);
  writeFileSync(t.file, "");
  await t.recall("hello");
  await t.memory.settled();
  expect([read(t), contents(t)]).toEqual([before, ["The user likes tea"]]);
});

test("MEMORY.md: what a run changed that read content from outside is not trusted and takes nothing away", async () => {
  await using t = await withFacts("Invoices go to account 17", "The user likes cats");
  await t.say("user", "Read the page");
  await t.say("tool", outside);
  writeFileSync(t.file, "# Memory\n\n- Invoices go to account 99\n");
  await t.memory.afterRun({ runId: "run_0", sessionKey: MAIN, identity: OWNER, aside: false });
  await t.memory.settled();
  const found = t.memory.list("main", OWNER, { limit: 9 }).map(({ content, trusted }) => [content, trusted]);
  expect(found.toSorted()).toEqual([
    ["Invoices go to account 17", true],
    ["Invoices go to account 99", false],
    ["The user likes cats", true],
  ]);
});

test("MEMORY.md: a person confirms what is from outside by moving it up", async () => {
  await using t = await testMemory();
  const { fact_id } = await t.remember("The shop opens at nine", { trusted: false });
  await t.memory.settled();
  const line = `- The shop opens at nine <!-- ${fact_id} -->`;
  writeFileSync(t.file, `# Memory\n\n${line}\n`);
  await t.recall("hello");
  expect(t.memory.get("main", OWNER, fact_id).trusted).toBe(true);
});

test("MEMORY.md: lines with secrets and links to elsewhere are not taken over", async () => {
  await using t = await withFacts("The user likes tea");
  writeFileSync(t.file, `${read(t)}- The key is sk-abcdefghijklmnopqrstuvwx\n`);
  await t.recall("hello");
  await t.memory.settled();
  expect([contents(t), t.warned().length]).toEqual([["The user likes tea"], 1]);
  const elsewhere = `${dirname(t.file)}/../elsewhere.md`;
  mkdirSync(dirname(elsewhere), { recursive: true });
  writeFileSync(elsewhere, "# Memory\n\n- The user likes spam\n");
  rmSync(t.file);
  symlinkSync(elsewhere, t.file);
  await t.recall("hello");
  await t.memory.settled();
  expect(contents(t)).toEqual(["The user likes tea"]);
});
