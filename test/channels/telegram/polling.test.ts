import { expect, test } from "bun:test";
import type { Update } from "grammy/types";
import { Polling } from "../../../src/channels/telegram/polling.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import { refusal } from "../../support/config.ts";
import { until } from "../../support/until.ts";

/** Updates of chats, given as Telegram does: from the offset on, as long as they are not confirmed. */
function polled(given: readonly (readonly [id: number, chat: number])[]) {
  const updates = given.map(([update_id, id]) => ({ update_id, message: { chat: { id } } }) as unknown as Update);
  const stop = new AbortController();
  const asked: number[] = [];
  const begun: number[] = [];
  const ends = new Map<number, PromiseWithResolvers<void>>();
  const polling = new Polling({
    async ask({ offset, timeout }) {
      asked.push(offset);
      const found = updates.filter(({ update_id }) => update_id >= offset);
      if (found.length === 0 && timeout > 0)
        await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
      return found;
    },
    async take({ update_id }) {
      begun.push(update_id);
      const end = Promise.withResolvers<void>();
      ends.set(update_id, end);
      await end.promise;
    },
  });
  const running = polling.run(stop.signal);
  return { polling, running, asked, begun, updates, end: (id: number) => ends.get(id)!, stop: () => stop.abort() };
}

test("Polling takes each chat's updates in order and once, and confirms none before all earlier ones are done", async () => {
  const t = polled([
    [7, 1],
    [8, 1],
    [9, 2],
  ]);
  await until(() => t.begun.length === 2);
  expect(t.begun).toEqual([7, 9]);
  t.end(9).resolve();
  t.updates.push({ update_id: 10, message: { chat: { id: 3 } } } as unknown as Update);
  await until(() => t.begun.includes(10));
  expect([t.polling.offset, new Set(t.asked)]).toEqual([7, new Set([0, 7])]);
  t.end(7).resolve();
  await until(() => t.begun.includes(8));
  for (const id of [8, 10]) t.end(id).resolve();
  await until(() => t.asked.at(-1) === 11);
  expect(t.begun).toEqual([7, 9, 10, 8]);
  t.stop();
  await t.running;
});

test("Polling ends with what could not be taken, which is given again with all that came after it in its chat", async () => {
  const t = polled([
    [7, 1],
    [8, 2],
    [9, 2],
  ]);
  await until(() => t.begun.length === 2);
  t.end(7).resolve();
  t.end(8).reject(new AlephError("storage_failed", "Disk is full"));
  expect((await refusal(() => t.running)).message).toBe("Disk is full");
  await t.polling.settled();
  expect([t.begun, t.polling.offset]).toEqual([[7, 8], 8]);
});
