/** What a deleted conversation leaves on the disk: nothing that others do not mention. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { createMedia, createMemoryShelf } from "../../src/media/media.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { createStores } from "../../src/session/stores.ts";
import { UnusedMedia } from "../../src/session/unused-media.ts";
import { openStore } from "../../src/store/store.ts";
import { testApp } from "../support/app.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

const A = "agent:main:chat:a";
const B = "agent:main:chat:b";

const text = (words: string) => ({ mime: "text/plain", name: "a.txt", data: Buffer.from(words).toString("base64") });

async function setUp() {
  const app = await testApp();
  const { client, home } = app;
  const files = () =>
    readdirSync(home.media, { recursive: true, encoding: "utf8" }).filter((name) => /media_[0-9a-f]{64}$/.test(name))
      .length;
  const send = async (session_key: string, words: string) => {
    const { run_id } = await client.call("session.send", { session_key, message: "Look", attachments: [text(words)] });
    await client.call("runs.wait", { run_id });
  };
  return Object.assign(app, { files, send });
}

test("session.delete removes the files of the session", async () => {
  await using t = await setUp();
  await t.send(A, "one");
  await t.send(A, "two");
  await t.send(B, "three");
  expect(t.files()).toBe(3);
  await t.client.call("session.delete", { session_key: A });
  await until(() => t.files() === 1);
});

test("session.delete leaves what another session mentions, until that is deleted too", async () => {
  await using t = await setUp();
  await t.send(A, "both");
  await t.send(A, "only one");
  const { session_key: fork } = await t.client.call("session.fork", { session_key: A });
  await t.send(A, "behind the fork");
  await t.client.call("session.delete", { session_key: A });
  await until(() => t.files() === 2);
  await t.client.call("session.delete", { session_key: fork });
  await until(() => t.files() === 0);
});

test("session.delete leaves what was lately sent elsewhere, whether it is mentioned there already or not", async () => {
  await using t = await setUp();
  await t.send(A, "the same");
  await t.send(B, "the same");
  await t.send(A, "another");
  await t.client.call("session.delete", { session_key: A });
  await until(() => t.files() === 1);
});

async function alone() {
  const { log, entries } = testLog();
  const store = openStore(":memory:", { log });
  const media = createMedia({ durable: createMemoryShelf(), ephemeral: createMemoryShelf() });
  const stores = createStores(store, () => openStore(":memory:", { log }));
  const ids: string[] = [];
  for (const words of ["one", "two", "three", "four"]) {
    const { media_id } = await media.put(Buffer.from(words), { mime: "text/plain", sessionKey: A });
    ids.push(media_id);
  }
  const left = async () => {
    const kept = await Promise.all(ids.map((id) => media.get(id).then(Boolean, () => false)));
    return ids.filter((_, at) => kept[at]);
  };
  return {
    db: store.db,
    media,
    stores,
    log,
    entries,
    ids,
    left,
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

test("Sessions.delete tells the files of what was made in the session, but for what is still being made", async () => {
  await using t = await alone();
  const told: unknown[] = [];
  const unused = { remove: (...what: unknown[]) => void told.push(what) };
  const sessions = new Sessions({ stores: t.stores, bus: { publish: () => ({}) as never }, now: () => 0, unused });
  t.db.run(`INSERT INTO session (key, kind, agent, created_at, updated_at) VALUES ('${A}', 'owner', 'main', 0, 0)`);
  const insert = t.db.query(
    `INSERT INTO generation (id, identity, session_key, provider, model, status, media, created_at, updated_at)
     VALUES (?, 'owner', ?, 'p', 'm', ?, ?, 0, 0)`,
  );
  insert.run("made", A, "done", JSON.stringify([{ media_id: t.ids[0] }]));
  insert.run("under way", A, "running", null);
  insert.run("elsewhere", B, "done", JSON.stringify([{ media_id: t.ids[1] }]));
  await sessions.delete(A);
  expect(told).toEqual([[A, [t.ids[0]]]]);
  const left = t.db.query<{ id: string }, []>("SELECT id FROM generation ORDER BY id").all();
  expect(left.map(({ id }) => id)).toEqual(["elsewhere", "under way"]);
});

test("UnusedMedia finds a mention in whatever table, however many rows there are", async () => {
  await using t = await alone();
  const [first, second, third, fourth] = t.ids as [string, string, string, string];
  t.db.run("CREATE TABLE later (other TEXT, words TEXT)");
  t.db.run("CREATE TABLE named (name TEXT PRIMARY KEY, words TEXT) WITHOUT ROWID");
  const insert = t.db.query("INSERT INTO later (words) VALUES (?)");
  t.db.transaction(() => {
    for (let at = 0; at < 2500; at++) insert.run(`${at} media_${"0".repeat(64)}`);
    insert.run(`[{"media_id":"${second}"}]`);
  })();
  t.db.query("INSERT INTO named VALUES ('a', ?)").run(`![](/media/${third})`);
  await using unused = new UnusedMedia(t);
  unused.remove(B, []);
  unused.remove(A, [first, second, third, fourth]);
  // Written while it looks: behind what it has seen, or before.
  setImmediate(() => insert.run(fourth));
  await until(async () => (await t.left()).length === 3);
  expect(await t.left()).toEqual([second, third, fourth]);
});

test("UnusedMedia stops with the server, and then what it had begun stays", async () => {
  await using t = await alone();
  const unused = new UnusedMedia(t);
  unused.remove(A, t.ids);
  await unused[Symbol.asyncDispose]();
  expect(await t.left()).toEqual(t.ids);
});

test("UnusedMedia logs what cannot be removed, and goes on with the next deletion", async () => {
  await using t = await alone();
  let calls = 0;
  const remove = (id: string) => {
    if (calls++ === 0) throw new Error("the disk says no");
    t.media.remove(id);
  };
  await using unused = new UnusedMedia({ ...t, media: { release: t.media.release, remove } });
  unused.remove(A, t.ids.slice(0, 1));
  unused.remove(A, t.ids.slice(1));
  await until(async () => (await t.left()).length === 1);
  expect(t.entries.map(({ message }) => message)).toEqual(["files of a deleted session could not be removed"]);
});
