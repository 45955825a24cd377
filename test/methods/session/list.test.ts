import { expect, test } from "bun:test";
import { refusal } from "../../support/config.ts";
import { conversation } from "../../support/conversation.ts";
import { checked } from "../../support/method.ts";

test("session.list pages through all sessions, also those of one moment", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  const made = await Promise.all(Array.from({ length: 25 }, () => call("session.create", {})));
  const seen: string[] = [];
  let before: string | undefined;
  do {
    const page = await call("session.list", { limit: 4, ...(before === undefined ? {} : { before }) });
    seen.push(...page.sessions.map(({ session_key }) => session_key));
    before = page.next;
  } while (before !== undefined);
  expect(seen.toSorted()).toEqual(made.map(({ session_key }) => session_key).toSorted());
});

test("session.list finds by key and title", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  await call("session.create", { session_key: "agent:main:chat:one", title: "About apples" });
  await call("session.create", { session_key: "agent:main:chat:two", title: "100 % pears" });
  const find = async (filter: string) =>
    (await call("session.list", { filter })).sessions.map(({ session_key }) => session_key);
  expect([
    await find("APPLE"),
    await find("chat:two"),
    await find("0 %"),
    await find("%"),
    await find("_"),
    await find("plums"),
  ]).toEqual([
    ["agent:main:chat:one"],
    ["agent:main:chat:two"],
    ["agent:main:chat:two"],
    ["agent:main:chat:two"],
    [],
    [],
  ]);
});

test("session.list finds by title whatever the case of its letters, in any alphabet, a page at a time", async () => {
  await using t = await conversation();
  const call = checked(t.client);
  for (const [name, title] of Object.entries({ a: "Привет, мир", b: "ÄRGER mit o\u0308l", c: "Other", d: "ПРИВЕТ" })) {
    await call("session.create", { session_key: `agent:main:chat:${name}`, title });
  }
  const find = async (filter: string, limit = 5, before?: string) => {
    const { sessions, next } = await call("session.list", { filter, limit, ...(before ? { before } : {}) });
    return { keys: sessions.map(({ session_key }) => session_key.slice(-1)).toSorted(), next };
  };
  expect([(await find("привет")).keys, (await find("ärger mit Öl")).keys, (await find("nö")).keys]).toEqual([
    ["a", "d"],
    ["b"],
    [],
  ]);
  const first = await find("привет", 1);
  const second = await find("привет", 1, first.next);
  expect([...first.keys, ...second.keys].toSorted()).toEqual(["a", "d"]);
});

test("session.list refuses a page that there is not", async () => {
  await using t = await conversation();
  for (const params of [
    { limit: 0 },
    { limit: 1001 },
    { before: "yesterday" },
    { before: 5 as never },
    { filter: "x".repeat(201) },
  ]) {
    expect(await refusal(() => t.client.call("session.list", params))).toMatchObject({ reason: "invalid_params" });
  }
});
