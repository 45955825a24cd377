/** Every method, with who may call it. A method without a row here is a method that nobody has thought about. */
import { describe, expect, test } from "bun:test";
import { methods } from "../../src/methods/index.ts";
import { SCOPES } from "../../src/protocol/identity.ts";
import { testApp } from "../support/app.ts";
import { type Frame, openFrames, request } from "../support/frames.ts";

/** Method: the scope that it needs, and the budget that it draws on where that is not the scope's own. */
const TABLE: Readonly<Record<string, string>> = {
  "agent.abort": "chat",
  "agent.cancel": "chat",
  "agent.run": "chat, run",
  "agent.status": "read",
  "agent.steer": "chat, run",
  "approvals.get": "read",
  "approvals.grants": "read",
  "approvals.list": "read",
  "approvals.resolve": "approve",
  "approvals.revoke": "approve",
  "audit.list": "admin, read",
  "audit.verify": "admin, run",
  "auth.connect": "public",
  "auth.devices.list": "admin, read",
  "auth.devices.revoke": "admin",
  "auth.invites.create": "admin",
  "auth.invites.list": "admin, read",
  "auth.invites.revoke": "admin",
  "auth.logins.endAll": "read, write",
  "auth.pairing.approve": "admin",
  "auth.pairing.invite": "admin",
  "auth.pairing.list": "admin, read",
  "auth.pairing.reject": "admin",
  "auth.tokens.create": "admin",
  "auth.tokens.list": "admin, read",
  "auth.tokens.revoke": "admin",
  "auth.tokens.rotate": "admin",
  "auth.whoami": "read",
  "browser.click": "write",
  "browser.close": "write",
  "browser.evaluate": "write",
  "browser.navigate": "write",
  "browser.screenshot": "write",
  "browser.snapshot": "write",
  "browser.type": "write",
  "config.apply": "admin",
  "config.get": "read",
  "config.patch": "admin",
  "config.reload": "admin",
  "config.schema": "read",
  "events.list": "read",
  "events.subscribe": "read",
  "events.unsubscribe": "read",
  "exec.explain": "read",
  "generation.image": "chat, run",
  "generation.status": "read",
  "generation.video": "chat, run",
  "interface.list": "read",
  "interface.send": "write",
  "interface.start": "admin",
  "interface.status": "read",
  "interface.stop": "admin",
  "logs.tail": "admin",
  "mcp.approve": "admin",
  "mcp.call": "write",
  "mcp.list": "read",
  "mcp.login": "admin",
  "mcp.logout": "admin",
  "mcp.prompts": "read",
  "mcp.resources": "read",
  "mcp.start": "admin",
  "mcp.stop": "admin",
  "models.config": "read",
  "models.list": "read",
  "models.test": "write",
  "plugins.commands": "read",
  "plugins.executeCommand": "write",
  "plugins.approve": "admin",
  "plugins.develop": "admin",
  "plugins.disable": "admin",
  "plugins.enable": "admin",
  "plugins.get": "read",
  "plugins.install": "admin",
  "plugins.list": "read",
  "plugins.logs": "admin",
  "plugins.reload": "admin",
  "plugins.trustFolder": "admin",
  "plugins.uninstall": "admin",
  "rpc.discover": "read",
  "rpc.ping": "read",
  "runs.events": "read",
  "runs.get": "read",
  "runs.list": "read",
  "runs.queue": "read",
  "runs.replay": "read, run",
  "runs.status": "read",
  "runs.wait": "read",
  "services.list": "read",
  "services.start": "admin",
  "services.status": "read",
  "services.stop": "admin",
  "session.clear": "chat",
  "session.create": "chat",
  "session.delete": "write",
  "session.export": "read",
  "session.get": "read",
  "session.history": "read",
  "session.list": "read",
  "session.patch": "chat",
  "session.send": "chat, run",
  "skills.activate": "admin",
  "skills.deactivate": "admin",
  "skills.get": "read",
  "skills.install": "admin",
  "skills.list": "read",
  "skills.uninstall": "admin",
  "system.info": "read",
  "system.shutdown": "admin",
  "system.status": "read",
  "tool.call": "write",
  "tool.list": "read",
  "usage.summary": "read",
};

const loaded = await Promise.all(Object.values(methods).map((load) => load()));

/** No method takes it: who gets as far as being told so has passed the check of rights, and nothing has happened. */
const UNKNOWN_KEY = "no such parameter";

/** What each method says to who connected with `params`; undefined: to who did not connect at all. */
async function reasonsFor(url: string, params: object | undefined): Promise<Record<string, unknown>> {
  const reasons: Record<string, unknown> = {};
  const names = loaded.map(({ name }) => name).filter((name) => name !== "auth.connect");
  // A stranger may not say more on one connection.
  for (let from = 0; from < names.length; from += 20) {
    using socket = await openFrames(url);
    if (params) await socket.ask(request("connect", params, "connect"));
    for (const name of names.slice(from, from + 20)) {
      const { error } = (await socket.ask(request(name, { [UNKNOWN_KEY]: 1 }, name))) as Frame;
      reasons[name] = error?.data.reason ?? "called";
    }
  }
  return reasons;
}

const expected = (reasonOf: (scope: string) => string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(TABLE)
      .filter(([name]) => name !== "auth.connect")
      .map(([name, row]) => [name, reasonOf(row.split(",")[0]!)]),
  );

describe("methods × rights", () => {
  test("the table has a row for each method, and each row is what the method declares", () => {
    const declared = Object.fromEntries(
      loaded.map(({ name, scope, rate }) => [name, rate ? `${scope}, ${rate}` : scope]),
    );
    expect(declared).toEqual(TABLE);
  });

  test("a connection that has not connected reaches none of them", async () => {
    await using app = await testApp();
    expect(await reasonsFor(app.url, undefined)).toEqual(expected(() => "unauthenticated"));
  });

  test.each([...SCOPES])("the scope %s alone reaches its own and no others", async (scope) => {
    await using app = await testApp();
    const params = { auth: { token: app.token }, scopes: [scope] };
    expect(await reasonsFor(app.url, params)).toEqual(
      expected((needed) => (needed === scope ? "invalid_params" : "forbidden")),
    );
  });

  test("the owner reaches all of them, and none takes a parameter that it does not know", async () => {
    await using app = await testApp();
    const params = { auth: { token: app.token } };
    expect(await reasonsFor(app.url, params)).toEqual(expected(() => "invalid_params"));
  });

  test("without any scope nothing but connect is left", async () => {
    await using app = await testApp();
    const params = { auth: { token: app.token }, scopes: [] };
    expect(await reasonsFor(app.url, params)).toEqual(expected(() => "forbidden"));
  });
});
