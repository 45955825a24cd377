import { expect, test } from "bun:test";
import { refusal } from "../support/config.ts";
import { OWNER, testMemory } from "../support/memory.ts";

test("Memory keeps a fact with where it is from", async () => {
  await using t = await testMemory({ now: () => 5000 });
  const more = { metadata: { topic: "home" }, confidence: 0.8, runId: "run_1", sessionKey: "agent:main:main" };
  const { fact_id } = await t.remember("The user lives in Berlin", { ...more, expiresAt: 9000, subject: "Home city" });
  expect(t.memory.get("main", OWNER, fact_id)).toEqual({
    fact_id,
    agent: "main",
    content: "The user lives in Berlin",
    subject: "home city",
    metadata: { topic: "home" },
    source: "person",
    trusted: true,
    confidence: 0.8,
    run_id: "run_1",
    session_key: "agent:main:main",
    created_at: 5000,
    updated_at: 5000,
    expires_at: 9000,
    retired_at: null,
    retired_by: null,
  });
});

test("Memory keeps the same words once, and the surer of two", async () => {
  await using t = await testMemory();
  const first = await t.remember("Anna's birthday is 3 May", { confidence: 0.5, metadata: { a: 1 } });
  const again = await t.remember("anna's  Birthday is 3 May.", { confidence: 0.9, metadata: { b: 2 } });
  expect(again).toEqual({ fact_id: first.fact_id, duplicate: true, retired: [], conflicts: [] });
  const [only, ...others] = t.memory.list("main", OWNER, { limit: 10 });
  expect([only?.confidence, only?.metadata, others]).toEqual([0.9, { a: 1, b: 2 }, []]);
});

test("Memory lets a newer fact on the same subject take the place of the older, and says so", async () => {
  await using t = await testMemory();
  const old = await t.remember("The user lives in Berlin", { subject: "home city" });
  const next = await t.remember("The user lives in Oslo", { subject: "Home City" });
  expect(next.retired).toEqual([{ fact_id: old.fact_id, content: "The user lives in Berlin" }]);
  expect(await t.search("lives")).toEqual(["The user lives in Oslo"]);
  expect(t.memory.get("main", OWNER, old.fact_id)).toMatchObject({ retired_by: next.fact_id });
  expect(t.memory.list("main", OWNER, { limit: 5, retired: true })).toHaveLength(2);
  expect(t.memory.stats("main", OWNER)).toMatchObject({ facts: 1, retired: 1 });
});

test("Memory lets a fact replace another by its id", async () => {
  await using t = await testMemory();
  const old = await t.remember("The meeting is on Monday");
  const next = await t.remember("The meeting is on Friday", { replaces: old.fact_id });
  expect(next.retired.map(({ fact_id }) => fact_id)).toEqual([old.fact_id]);
  expect(await refusal(() => t.remember("x y", { replaces: "fact_0" }))).toMatchObject({ reason: "not_found" });
});

test("Memory lets nothing that a stranger said take the place of what the person said, or lend it weight", async () => {
  await using t = await testMemory();
  const own = await t.remember("Invoices go to account 17", { subject: "account", confidence: 0.6 });
  const foreign = await t.remember("Invoices go to account 99", { subject: "account", trusted: false });
  expect([foreign.retired, foreign.conflicts]).toEqual([
    [],
    [{ fact_id: own.fact_id, content: "Invoices go to account 17" }],
  ]);
  const byId = await t.remember("Invoices go nowhere", { replaces: own.fact_id, trusted: false });
  expect(byId.conflicts).toHaveLength(1);
  await t.remember("Invoices go to account 17", { trusted: false, confidence: 1, expiresAt: 1 });
  expect(t.memory.get("main", OWNER, own.fact_id)).toMatchObject({ confidence: 0.6, trusted: true, expires_at: null });
  // The person may confirm it.
  await t.remember("Invoices go to account 99");
  expect(t.memory.get("main", OWNER, foreign.fact_id).trusted).toBe(true);
});

test("Memory forgets what has expired", async () => {
  let now = 1000;
  await using t = await testMemory({ now: () => now });
  const { fact_id } = await t.remember("The user is in Rome", { expiresAt: 2000 });
  expect(await t.search("Rome")).toEqual(["The user is in Rome"]);
  now = 2000;
  expect(await t.search("Rome")).toEqual([]);
  expect(t.memory.list("main", OWNER, { limit: 5 })).toEqual([]);
  await t.remember("Something else");
  expect(t.memory.get("main", OWNER, fact_id)).toMatchObject({ retired_at: 2000, retired_by: null });
});

test("Memory forgets a fact for good, and each agent has its own", async () => {
  await using t = await testMemory();
  const { fact_id } = await t.remember("The user likes tea");
  const other = { content: "The user likes coffee", source: "person", trusted: true } as const;
  await t.memory.store("writer", OWNER, other);
  expect(await t.search("likes")).toEqual(["The user likes tea"]);
  expect(await refusal(() => t.memory.get("writer", OWNER, fact_id))).toMatchObject({ reason: "not_found" });
  expect(await refusal(() => t.memory.forget("writer", OWNER, fact_id))).toMatchObject({ reason: "not_found" });
  await t.memory.forget("main", OWNER, fact_id);
  expect(await refusal(() => t.memory.forget("main", OWNER, fact_id))).toMatchObject({ reason: "not_found" });
  expect([await t.search("likes"), t.memory.list("main", OWNER, { limit: 5, retired: true })]).toEqual([[], []]);
});

test("Memory finds by metadata, in pages", async () => {
  await using t = await testMemory();
  for (const [index, topic] of ["work", "home", "work"].entries())
    await t.remember(`Note number ${index}`, { metadata: { topic } });
  expect((await t.search("note", { filter: { topic: "work" } })).toSorted()).toEqual([
    "Note number 0",
    "Note number 2",
  ]);
  expect(await t.search("note", { filter: { topic: "sport" } })).toEqual([]);
  const first = t.memory.list("main", OWNER, { limit: 2 });
  const rest = t.memory.list("main", OWNER, { limit: 2, before: first.at(-1)!.fact_id });
  expect([...first, ...rest].map(({ content }) => content)).toEqual([
    "Note number 2",
    "Note number 1",
    "Note number 0",
  ]);
});

test("Memory finds words of any script, with and without accents, and takes no word for an operator", async () => {
  await using t = await testMemory();
  const facts = [
    "妹妹住在柏林",
    "東京タワーへ行った",
    "Das Café in Köln",
    "김치를 좋아한다",
    "แมวของฉันชื่อส้ม",
    "NEAR misses AND errors",
  ];
  for (const fact of facts) await t.remember(fact);
  expect(await t.search("我妹妹在哪里工作")).toEqual(["妹妹住在柏林"]);
  expect(await t.search("東京")).toEqual(["東京タワーへ行った"]);
  expect(await t.search("京")).toEqual(["東京タワーへ行った"]);
  expect(await t.search("cafe KOLN")).toEqual(["Das Café in Köln"]);
  expect(await t.search("김치")).toEqual(["김치를 좋아한다"]);
  expect(await t.search("แมว")).toEqual(["แมวของฉันชื่อส้ม"]);
  expect(await t.search('NEAR("misses" OR * AND')).toEqual(["NEAR misses AND errors"]);
  for (const nothing of ['"', "()", "*", "a:b^2 -", "\u0000"]) expect(await t.search(nothing)).toEqual([]);
});

test("Memory refuses guests, secrets, what is empty or too long, and everything when it is off", async () => {
  await using t = await testMemory({ secrets: ["hunter2hunter2"] });
  const guest = { id: "g", kind: "guest" } as const;
  const fact = { content: "a fact", source: "person", trusted: true } as const;
  expect(await refusal(() => t.memory.store("main", guest, fact))).toMatchObject({ reason: "forbidden" });
  expect(await refusal(() => t.memory.list("main", guest, { limit: 1 }))).toMatchObject({ reason: "forbidden" });
  const said = async (content: string, more = {}) => (await refusal(() => t.remember(content, more))).message;
  expect([
    await said("The password is hunter2hunter2"),
    await said("The key is sk-abcdefghijklmnopqrstuvwx"),
    await said("fine", { metadata: { note: "hunter2hunter2" } }),
    await said(" \n "),
    await said("x".repeat(4001)),
    await said("fine", { metadata: { note: "x".repeat(9000) } }),
    await said("fine", { subject: "x".repeat(201) }),
  ]).toEqual([
    "A fact may not hold a secret",
    "A fact may not hold a secret",
    "A fact may not hold a secret",
    "A fact needs words",
    "A fact has at most 4000 characters",
    "The metadata of a fact has at most 8192 characters",
    "A subject has at most 200 characters",
  ]);
  await using off = await testMemory({ settings: { enabled: false } });
  expect(await refusal(() => off.remember("a fact"))).toMatchObject({ reason: "forbidden", message: "Memory is off" });
  expect(await off.recall("a fact")).toBeUndefined();
});
