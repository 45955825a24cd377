import { expect, test } from "bun:test";
import { HeartbeatRounds } from "../../src/cron/heartbeat-rounds.ts";
import { openStore } from "../../src/store/store.ts";
import { testLog } from "../support/log.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Looked at each minute, with an hour from `from` until `until` of each day; the hours at which it beats. */
async function beatsOf({ every_ms, from = 0, until = 24, start = 0, days = 2, hasNotes = () => true }: Beaten) {
  await using store = openStore(":memory:", { log: testLog().log });
  let now = start;
  const beats: number[] = [];
  const rounds = new HeartbeatRounds({
    table: () => ({ every_ms, agents: ["main"] }),
    store,
    hasNotes: () => hasNotes(now),
    heartbeats: async () => ({
      isHour: () => now % DAY >= from * HOUR && now % DAY < until * HOUR,
      beat: async () => now % DAY >= from * HOUR && now % DAY < until * HOUR && beats.push(now / HOUR) > 0,
    }),
    now: () => now,
  });
  for (; now <= start + days * DAY; now += MINUTE) await rounds.look(start, new AbortController().signal);
  return beats;
}

interface Beaten {
  readonly every_ms: number;
  readonly from?: number;
  readonly until?: number;
  readonly start?: number;
  readonly days?: number;
  readonly hasNotes?: (now: number) => boolean;
}

test("a heartbeat comes so long after the last one, and never when it is switched off", async () => {
  expect(await beatsOf({ every_ms: 12 * HOUR })).toEqual([12, 24, 36, 48]);
  expect(await beatsOf({ every_ms: 0 })).toEqual([]);
});

test("a heartbeat that is due outside its hours comes when they begin", async () => {
  // Once a day, of a server that was started at night: a day later it is night again.
  expect(await beatsOf({ every_ms: DAY, from: 8, until: 22, start: 23 * HOUR, days: 3 })).toEqual([56, 80]);
  expect(await beatsOf({ every_ms: 6 * HOUR, from: 8, until: 9 })).toEqual([8, 32]);
});

test("a heartbeat of an agent without notes is looked for after the same time again", async () => {
  expect(await beatsOf({ every_ms: 12 * HOUR, hasNotes: (now) => now >= 20 * HOUR })).toEqual([24, 36, 48]);
});
