import { expect, test } from "bun:test";
import { AlephError } from "../../src/protocol/errors.ts";
import type { Published, Subscriber } from "../../src/sdk/bus.ts";
import type { StoredRun } from "../../src/session/runs.ts";
import { openStore } from "../../src/store/store.ts";
import { Answers } from "../../src/webhook/answers.ts";
import { insertAnswer, pendingAnswers } from "../../src/webhook/delivery-rows.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

test("the answer to a webhook waits for an interface that is not there yet, as those of plugins at a start", async () => {
  const { log, entries } = testLog();
  await using store = openStore(":memory:", { log });
  let tell: Subscriber["deliver"] | undefined;
  const isThere = new Set<string>();
  const posts: string[] = [];
  let now = 1000;
  await using answers = new Answers({
    store,
    runs: { get: (id) => ({ id, status: "interrupted", text: "", error: null, endedAt: 1 }) as unknown as StoredRun },
    bus: {
      attach({ deliver }) {
        tell = deliver;
        return { [Symbol.dispose]: () => undefined };
      },
    },
    async poster(channel) {
      if (!isThere.has(channel)) throw new AlephError("not_found", `No interface "${channel}"`);
      return { put: (_db, conversation, text) => void posts.push(`${conversation}: ${text}`), kick: () => undefined };
    },
    log,
    now: () => now,
  });
  const started = (name: string) =>
    tell?.({ event: { topic: "interface.started", seq: 1, ts: 1, data: { interface: name } } } as Published);
  store.db.run("PRAGMA foreign_keys = OFF");
  store.writeRelaxed((db) => insertAnswer(db, "run_1", "ci", { channel: "slack", conversation: "C1" }));
  answers.resume();
  await until(() => entries.some(({ message }) => message === "the answer to a webhook has nowhere to go"));
  expect(pendingAnswers(store.db)).toHaveLength(1);
  isThere.add("slack");
  started("other");
  started("slack");
  await until(() => posts.length === 1);
  expect(posts).toEqual(['C1: Webhook "ci" has no answer: it was interrupted']);
  expect(pendingAnswers(store.db)).toEqual([]);
  // For a week.
  store.writeRelaxed((db) => insertAnswer(db, "run_2", "ci", { channel: "gone", conversation: "C1" }));
  now += 8 * 86_400_000;
  answers.resume();
  await until(() => pendingAnswers(store.db).length === 0);
  expect(posts).toHaveLength(1);
});
