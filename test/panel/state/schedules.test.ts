import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { createSchedules } from "../../../src/panel/state/schedules.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";

test("createSchedules asks for each act, and reads the list after it and at events once it was opened", async () => {
  const asked: unknown[] = [];
  const call = (async (method: string, params: object) => {
    asked.push([method, params]);
    return method === "cron.history" ? { runs: [{ cron_id: "news" }] } : { jobs: [{ cron_id: "news" }] };
  }) as unknown as Call;
  const schedules = createSchedules(call);
  const event = { topic: "cron.ended", seq: 1, ts: 1, data: {} } as unknown as EventFrame;
  schedules.handle(event);
  expect(asked.splice(0)).toEqual([]);
  await schedules.add("@daily", "Say the news");
  await schedules.run("news");
  await schedules.setEnabled("news", false);
  await schedules.remove("news");
  const list = ["cron.list", {}];
  expect(asked.splice(0)).toEqual([
    ["cron.add", { schedule: { cron: "@daily" }, message: "Say the news" }],
    list,
    ["cron.run", { cron_id: "news" }],
    list,
    ["cron.update", { cron_id: "news", enabled: false }],
    list,
    ["cron.remove", { cron_id: "news" }],
    list,
  ]);
  expect(await schedules.history("news")).toHaveLength(1);
  schedules.handle(event);
  expect(asked).toEqual([["cron.history", { cron_id: "news", limit: 10 }], list]);
  expect(schedules.list.value).toHaveLength(1);
});
