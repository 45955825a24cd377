import { expect, test } from "bun:test";
import { KeptSession } from "../../../src/channels/discord/sessions.ts";
import { openStore } from "../../../src/store/store.ts";
import { testLog } from "../../support/log.ts";
import { until } from "../../support/until.ts";

const SESSION = { sessionId: "s", sequence: 1, resumeURL: "wss://example.com", shardId: 0, shardCount: 1 };

test("KeptSession goes on when the disk takes nothing, and keeps its place with the next event", async () => {
  const { log, entries } = testLog();
  await using store = openStore(":memory:", { log });
  const kept = new KeptSession(store, "bot", log);
  const onDisk = () => new KeptSession(store, "bot", log).current?.sequence;
  kept.update(SESSION);
  store.db.run("PRAGMA query_only = ON");
  kept.begin(2)();
  await until(() => entries.length > 0);
  kept.update({ ...SESSION, sessionId: "other" });
  expect(entries.map(({ level, message }) => [level, message])).toEqual([
    ["warn", "place in the connection could not be kept"],
    ["warn", "place in the connection could not be kept"],
  ]);
  expect(onDisk()).toBe(1);
  store.db.run("PRAGMA query_only = OFF");
  kept.begin(3)();
  await until(() => onDisk() === 3);
});
