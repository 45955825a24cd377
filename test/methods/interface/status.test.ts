import { expect, test } from "bun:test";
import { collectEvents, testApp } from "../../support/app.ts";
import { until } from "../../support/until.ts";
import { webchatRuns } from "../../support/webchat.ts";

test("interface.status shows an interface that the config switches off as stopped", async () => {
  await using t = await testApp({ config: { interfaces: { webchat: { enabled: false } } } });
  expect(await t.client.call("interface.status", { interface: "webchat" })).toMatchObject({
    enabled: false,
    state: "stopped",
  });
  const sending = t.client.call("interface.send", { interface: "webchat", target: "agent:main:main", message: "x" });
  await expect(sending).rejects.toMatchObject({ reason: "conflict", message: 'Interface "webchat" is not running' });
});

test("interface.status follows the config: switched off and on while the server runs", async () => {
  await using t = await testApp();
  await webchatRuns(t.client);
  const events = await collectEvents(t.client, "interface.*");
  const state = async () => (await t.client.call("interface.status", { interface: "webchat" })).state;
  await t.client.call("config.patch", { patch: { interfaces: { webchat: { enabled: false } } } });
  await until(async () => (await state()) === "stopped");
  await t.client.call("config.patch", { patch: { log: { level: "warn" } } });
  await t.client.call("config.patch", { patch: { interfaces: null } });
  await until(async () => (await state()) === "running");
  expect(events.events.map(({ topic, data }) => [topic, data])).toEqual([
    ["interface.stopped", { interface: "webchat" }],
    ["interface.started", { interface: "webchat" }],
  ]);
});

test("interface.status refuses an interface that is not there", async () => {
  await using t = await testApp();
  await expect(t.client.call("interface.status", { interface: "webcat" })).rejects.toMatchObject({
    reason: "not_found",
    data: { hint: 'Did you mean "webchat"?' },
  });
  await expect(t.client.call("interface.status", { interface: "constructor" })).rejects.toMatchObject({
    reason: "not_found",
    data: { hint: "interface.list shows those that exist" },
  });
});

test("config.patch refuses a wrong interface table, and the config stays", async () => {
  await using t = await testApp();
  for (const [interfaces, path, message] of [
    [{ webchat: { enabld: true } }, "interfaces.webchat.enabld", 'unknown key; did you mean "enabled"'],
    [{ telegrm: {} }, "interfaces.telegrm", 'is not a known interface; did you mean "telegram"'],
    [{ webchat: { enabled: "no" } }, "interfaces.webchat.enabled", "must be true or false, not a string"],
  ] as const) {
    await expect(t.client.call("config.patch", { patch: { interfaces } })).rejects.toMatchObject({
      reason: "config_invalid",
      data: { issues: [{ path, message }] },
    });
  }
  const { config } = await t.client.call("config.get", {});
  expect(config.interfaces).toEqual({ webchat: { enabled: true } });
});
