import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { approvedCode, type PluginOwner } from "../../support/approved-plugin.ts";
import { refusal } from "../../support/config.ts";

const withTools = (app: PluginOwner) =>
  approvedCode(app, "tools", {
    manifest: ["ping", "fail"]
      .map((name) => `[[commands]]\nname = "${name}"\ndescription = "Does"\nhandler = "on_${name}"\n`)
      .join("\n"),
    code: `
      import { createServer } from "@aleph/plugin-sdk";
      createServer({
        name: "tools",
        commands: {
          ping: (args, { signal, ...context }) => ({ args, context }),
          fail: () => { throw new Error("Out of order"); },
        },
      }).start();
    `,
  });

test("plugins.executeCommand runs a command, with what it is given or what a person would type", async () => {
  await using app = await testApp();
  await withTools(app);
  const run = async (params: object) => {
    const { result } = await app.client.call("plugins.executeCommand", {
      plugin_id: "tools",
      command: "ping",
      ...params,
    });
    return JSON.parse(result) as unknown;
  };
  const context = { command: "ping", agent: "main", sessionKey: "agent:main:main", runId: null, identity: "owner" };
  expect(await run({})).toEqual({ args: { text: "", words: [] }, context });
  expect(await run({ args: " one two " })).toEqual({ args: { text: "one two", words: ["one", "two"] }, context });
  expect(await run({ args: { to: ["me"] }, session_key: "agent:main:chat:a" })).toEqual({
    args: { to: ["me"] },
    context: { ...context, sessionKey: "agent:main:chat:a" },
  });
  const { sessions } = await app.client.call("session.list", {});
  expect(sessions).toEqual([]);
});

test("plugins.executeCommand tells what the plugin said when it failed, and what is not there", async () => {
  await using app = await testApp();
  await withTools(app);
  const refused = (plugin_id: string, command: string, more: object = {}) =>
    refusal(() => app.client.call("plugins.executeCommand", { plugin_id, command, ...more }));
  expect(await refused("tools", "fail")).toMatchObject({ reason: "plugin_error", message: "Out of order" });
  expect(await refused("tool", "ping")).toEqual({
    reason: "not_found",
    message: 'No plugin "tool" is in use',
    data: { reason: "not_found", hint: 'Did you mean "tools"?' },
  });
  expect(await refused("tools", "pong")).toMatchObject({ data: { hint: 'Did you mean "ping"?' } });
  expect(await refused("tools", "ping", { session_key: "nonsense" })).toMatchObject({ reason: "invalid_params" });
  await app.client.call("plugins.disable", { id: "tools" });
  expect(await refused("tools", "ping")).toMatchObject({ reason: "not_found", message: 'No plugin "tools" is in use' });
});
