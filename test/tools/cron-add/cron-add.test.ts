import { expect, test } from "bun:test";
import type { CronShelf } from "../../../src/sdk/cron.ts";
import { cronAdd } from "../../../src/tools/cron-add/cron-add.ts";
import { cronList } from "../../../src/tools/cron-list/cron-list.ts";
import { cronRemove } from "../../../src/tools/cron-remove/cron-remove.ts";
import { conversation, MAIN } from "../../support/conversation.ts";
import { inviteGuest } from "../../support/guest.ts";
import { testLog } from "../../support/log.ts";
import { prepareCall, refusalOf } from "../../support/tool-call.ts";

const QUIET = { memory: { extract: { enabled: false } } };

const context = (more: object = {}) => ({
  workspace: "/tmp",
  agent: "main",
  sessionKey: MAIN,
  runId: "run_1",
  callId: "c",
  identity: { id: "owner", kind: "owner" as const },
  tainted: false,
  signal: new AbortController().signal,
  log: testLog().log,
  progress: () => undefined,
  ...more,
});

const shelf: CronShelf = {
  place: ({ sessionKey }) => (sessionKey.includes(":ephemeral:") ? null : { session_key: sessionKey }),
  add: () => Promise.reject(new Error("not called")),
  list: async () => [],
  remove: async () => undefined,
};

test("the model makes a reminder for itself, sees it and removes it", async () => {
  await using t = await conversation({ config: QUIET });
  t.fake.reply(
    [
      {
        tool_call: {
          name: "cron_add",
          args: { id: "cake", message: "Tell the user: the cake", at: "2099-05-01T09:00", tz: "Europe/Berlin" },
        },
      },
    ],
    [{ tool_call: { name: "cron_list", args: {} } }],
    [{ tool_call: { name: "cron_remove", args: { id: "cake" } } }],
    "Done",
  );
  const { text } = await t.client.call("session.send", { message: "Remind me of the cake" });
  expect(text).toBe("Done");
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  const results = messages.flatMap(({ parts }) =>
    parts.flatMap((part) => (part.type === "tool_result" ? [part.text] : [])),
  );
  expect(results).toEqual([
    "Job cake runs next at 2099-05-01T07:00:00.000Z",
    'cake {"at":4081302000000} next 2099-05-01T07:00:00.000Z: Tell the user: the cake',
    "Removed cake",
  ]);
  expect((await t.client.call("cron.list", {})).jobs).toEqual([]);
});

test("cron_add and cron_remove ask while content from outside is in the run", async () => {
  const input = { message: "x", every_minutes: 5 };
  expect(await prepareCall(cronAdd, { cron: shelf }, input, context())).toMatchObject({
    tier: "allow",
    outward: true,
    plan: { schedule: { every_ms: 300_000 }, message: "x", deliver: { session_key: MAIN } },
  });
  expect(await prepareCall(cronRemove, { cron: shelf }, { id: "x" }, context())).toMatchObject({
    tier: "allow",
    outward: true,
  });
});

test.each([
  [{ identity: { id: "telegram:1", kind: "peer" } }, "Jobs by the clock are for the owner alone"],
  [{ identity: { id: "guest:1", kind: "guest" } }, "Jobs by the clock are for the owner alone"],
  [{ runId: null }, "Only a run can make a job with this tool; cron.add does it for people"],
  [{ sessionKey: "agent:main:ephemeral:x" }, "Nothing can be brought to this conversation later"],
])("cron_add refuses with %j", async (more, reason) => {
  expect(await prepareCall(cronAdd, { cron: shelf }, { message: "x", cron: "* * * * *" }, context(more))).toMatchObject(
    {
      tier: "deny",
      reason,
    },
  );
});

test("cron_list and cron_remove are the owner's alone", async () => {
  const peer = context({ identity: { id: "telegram:1", kind: "peer" } });
  expect(await prepareCall(cronList, { cron: shelf }, {}, peer)).toMatchObject({ tier: "deny" });
  expect(await prepareCall(cronRemove, { cron: shelf }, { id: "x" }, peer)).toMatchObject({ tier: "deny" });
});

test("cron_add wants one way to say when", async () => {
  const why = "invalid_params: Give one of at, every_minutes and cron";
  const prepare = (input: object) => (async () => prepareCall(cronAdd, { cron: shelf }, input, context()))();
  expect(await refusalOf(prepare({ message: "x" }))).toBe(why);
  expect(await refusalOf(prepare({ message: "x", every_minutes: 5, at: "2099-01-01T00:00" }))).toBe(why);
});

test("the methods of schedules are not for guests", async () => {
  await using t = await conversation({ config: QUIET });
  using guest = await inviteGuest(t);
  expect([await guest.reason("cron.list"), await guest.reason("cron.history")]).toEqual(["forbidden", "forbidden"]);
});
