import { describe, expect, test } from "bun:test";
import { Logins } from "../../src/auth/logins.ts";
import { openStore } from "../../src/store/store.ts";
import { testLog } from "../support/log.ts";

const DAY = 86_400_000;

function open() {
  const store = openStore(":memory:", { log: testLog().log });
  const world = { now: 1_000_000 };
  const logins = new Logins({ store, now: () => world.now });
  return { store, world, logins, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
}

describe("Logins", () => {
  test("keeps hashes and nothing that opens a door", async () => {
    await using opened = open();
    const { token, cookie } = opened.logins.issue("panel", { identity: "owner", credential: "owner-x" });
    const stored = JSON.stringify(opened.store.db.query("SELECT * FROM auth_session").all());
    expect(stored).toContain('"kind":"panel"');
    expect([stored.includes(token), stored.includes(cookie!)]).toEqual([false, false]);
    expect(JSON.stringify(opened.logins.find(token, cookie))).not.toMatch(/aleph_|[0-9a-f]{64}/);
  });

  test("a panel's login needs its own cookie, a handshake's needs none", async () => {
    await using opened = open();
    const panel = opened.logins.issue("panel", { identity: "owner", credential: "owner-x" });
    const other = opened.logins.issue("panel", { identity: "owner", credential: "owner-x" });
    const plain = opened.logins.issue("connect", { identity: "owner", credential: "owner-x" });
    const { find } = { find: (token: string, cookie?: string) => opened.logins.find(token, cookie)?.kind };
    expect([find(panel.token, panel.cookie), find(plain.token), find(plain.token, "some cookie")]).toEqual([
      "panel",
      "connect",
      "connect",
    ]);
    expect([
      find(panel.token),
      find(panel.token, other.cookie),
      find(panel.token, ""),
      find(panel.cookie!, panel.cookie),
    ]).toEqual(Array(4).fill(undefined));
    expect(new Set([panel, other, plain].map(({ token }) => token)).size).toBe(3);
  });

  test("lasts a day for a handshake, thirty for the panel, and is swept away later", async () => {
    await using opened = open();
    const { logins, world, store } = opened;
    const plain = logins.issue("connect", { identity: "owner", credential: "owner-x" });
    const panel = logins.issue("panel", { identity: "owner", credential: "owner-x" });
    world.now += DAY;
    expect([logins.find(plain.token, undefined), logins.find(panel.token, panel.cookie)?.kind]).toEqual([
      undefined,
      "panel",
    ]);
    world.now += 29 * DAY;
    expect(logins.find(panel.token, panel.cookie)).toBeUndefined();
    world.now += 1;
    logins.issue("connect", { identity: "owner", credential: "owner-x" });
    expect(store.db.query<{ n: number }, []>("SELECT count(*) AS n FROM auth_session").get()!.n).toBe(1);
  });

  test("ends by its cookie, and tells which it was", async () => {
    await using opened = open();
    const { logins } = opened;
    const panel = logins.issue("panel", { identity: "owner", credential: "owner-x" });
    const found = logins.find(panel.token, panel.cookie);
    expect(await logins.endByCookie("wrong")).toBeUndefined();
    expect(await logins.endByCookie(panel.cookie!)).toEqual(found!);
    expect(await logins.endByCookie(panel.cookie!)).toBeUndefined();
    expect(logins.find(panel.token, panel.cookie)).toBeUndefined();
  });
});
