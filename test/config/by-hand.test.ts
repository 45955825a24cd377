import { expect, test } from "bun:test";
import { changedByHandOnly } from "../../src/config/by-hand.ts";
import { testApp } from "../support/app.ts";

const problem = {
  path: ["extensions", "allow_unsandboxed"],
  message: "can only be changed by hand, in config.toml itself",
};

test("changedByHandOnly names what only an editor may change, and only when it is touched", () => {
  const list = (ids: readonly string[]) => ({ extensions: { allow_unsandboxed: ids, enabled: true } });
  expect(changedByHandOnly(list(["a"]), list(["a"]))).toEqual([]);
  expect(changedByHandOnly({}, { extensions: { enabled: false } })).toEqual([]);
  expect(changedByHandOnly(list(["a"]), list(["a", "b"]))).toEqual([problem]);
  expect(changedByHandOnly({}, list([]))).toEqual([]);
  expect(changedByHandOnly(list(["a"]), {})).toEqual([problem]);
});

test("no method lets a plugin run without a sandbox, or takes that back", async () => {
  await using t = await testApp({ toml: '[extensions]\nallow_unsandboxed = ["a"]\n' });
  const extensions = { allow_unsandboxed: ["a", "evil"] };
  const refused = {
    reason: "config_invalid",
    data: { issues: [{ path: "extensions.allow_unsandboxed", message: problem.message }] },
  };
  await expect(t.client.call("config.patch", { patch: { extensions } })).rejects.toMatchObject(refused);
  await expect(t.client.call("config.patch", { patch: { extensions: null } })).rejects.toMatchObject(refused);
  await expect(t.client.call("config.apply", { config: {} })).rejects.toMatchObject(refused);
  await t.client.call("config.patch", { patch: { extensions: { hot_reload: false } } });
  expect(await Bun.file(t.home.config).text()).toContain('allow_unsandboxed = ["a"]');
});

test.each([
  ["exec.allow_denied", { exec: { allow_denied: ["privilege"] } }],
  ["exec.sandbox.enabled", { exec: { sandbox: { enabled: false } } }],
  ["exec.sandbox.write", { exec: { sandbox: { write: ["/"] } } }],
  ["exec.path", { exec: { path: ["/tmp"] } }],
  ["tools.web_fetch.allow_hosts", { tools: { web_fetch: { allow_hosts: ["169.254.169.254"] } } }],
  ["tools.browser.allow_hosts", { tools: { browser: { allow_hosts: ["169.254.169.254"] } } }],
  ["tools.browser.executable", { tools: { browser: { executable: "/tmp/chromium" } } }],
])("no method changes %s, which keeps an agent from more", async (path, patch) => {
  await using t = await testApp();
  const refused = { reason: "config_invalid", data: { issues: [{ path, message: problem.message }] } };
  await expect(t.client.call("config.patch", { patch })).rejects.toMatchObject(refused);
  await expect(t.client.call("config.apply", { config: patch })).rejects.toMatchObject(refused);
});

test("what config.get shows can be given back whole", async () => {
  await using t = await testApp();
  const { config } = await t.client.call("config.get", {});
  const { exec, tools, extensions } = config as Record<string, Record<string, unknown>>;
  expect(await t.client.call("config.apply", { config: { exec, tools, extensions } })).toBeDefined();
});
