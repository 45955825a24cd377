/** Every method, with who may call it. A method without a row here is a method that nobody has thought about. */
import { describe, expect, test } from "bun:test";
import { GUEST_METHODS } from "../../src/auth/guest-methods.ts";
import { methods } from "../../src/methods/index.ts";
import { SCOPES } from "../../src/protocol/identity.ts";
import { testApp } from "../support/app.ts";
import { connectDevice, testDevice } from "../support/device.ts";
import { type Frame, openFrames, request } from "../support/frames.ts";
import { inviteGuest } from "../support/guest.ts";

/** Method: the scope that it needs, and the budget that it draws on where that is not the scope's own. */
const TABLE: Readonly<Record<string, string>> = {
  "agent.abort": "chat",
  "agent.cancel": "chat",
  "agent.list": "read",
  "agent.prompt": "read",
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
  "config.check": "admin, read",
  "config.get": "read",
  "config.patch": "admin",
  "config.reload": "admin",
  "config.schema": "read",
  "config.text": "admin, read",
  "cron.add": "write",
  "cron.history": "read",
  "cron.list": "read",
  "cron.remove": "write",
  "cron.run": "write, run",
  "cron.update": "write",
  "events.list": "read",
  "events.subscribe": "read",
  "events.unsubscribe": "read",
  "exec.explain": "read",
  "generation.image": "chat, run",
  "generation.status": "read",
  "generation.video": "chat, run",
  "interface.list": "read",
  "interface.peers.list": "admin, read",
  "interface.peers.remove": "admin",
  "interface.react": "write",
  "interface.send": "write",
  "interface.start": "admin",
  "interface.status": "read",
  "interface.stop": "admin",
  "jobs.kill": "write",
  "jobs.list": "read",
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
  "media.link": "read",
  "memory.delete": "write",
  "memory.get": "read",
  "memory.list": "read",
  "memory.search": "read",
  "memory.stats": "read",
  "memory.store": "write",
  "models.config": "read",
  "models.list": "read",
  "models.remove": "admin",
  "models.save": "admin",
  "models.test": "write",
  "models.try": "admin",
  "node.approve": "admin",
  "node.attach": "node",
  "node.get": "read",
  "node.invoke": "write",
  "node.list": "read",
  "node.output": "node, read",
  "node.revoke": "admin",
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
  "session.compact": "write, run",
  "session.context": "read",
  "session.create": "chat",
  "session.delete": "write",
  "session.export": "read",
  "session.fork": "write",
  "session.get": "read",
  "session.history": "read",
  "session.import": "write",
  "session.list": "read",
  "session.patch": "chat",
  "session.rewind": "write",
  "session.search": "read",
  "session.send": "chat, run",
  "session.uncompact": "write",
  "skills.activate": "admin",
  "skills.deactivate": "admin",
  "skills.get": "read",
  "skills.install": "admin",
  "skills.list": "read",
  "skills.uninstall": "admin",
  "system.doctor": "admin, run",
  "system.info": "read",
  "system.mend": "admin",
  "system.shutdown": "admin",
  "system.status": "read",
  "tool.call": "write",
  "tool.list": "read",
  "usage.summary": "read",
  "webhooks.list": "read",
  "webhooks.preview": "admin",
  "webhooks.retry": "admin",
  "webhooks.test": "admin",
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

  test("the owner reaches all of them but those of nodes, and none takes a parameter that it does not know", async () => {
    await using app = await testApp();
    const params = { auth: { token: app.token } };
    const reached = (scope: string) => (scope === "node" ? "forbidden" : "invalid_params");
    expect(await reasonsFor(app.url, params)).toEqual(expected(reached));
  });

  test("without any scope nothing but connect is left", async () => {
    await using app = await testApp();
    const params = { auth: { token: app.token }, scopes: [] };
    expect(await reasonsFor(app.url, params)).toEqual(expected(() => "forbidden"));
  });
});

/** What guests may call besides `connect`: with their own session, or with a run of it, or freely. */
const FOR_GUESTS: Readonly<Record<string, "own session" | "own run" | "freely">> = {
  "agent.abort": "own run",
  "agent.cancel": "own run",
  "agent.run": "own session",
  "agent.status": "own run",
  "agent.steer": "own run",
  "auth.whoami": "freely",
  "events.list": "freely",
  "events.subscribe": "freely",
  "events.unsubscribe": "freely",
  "rpc.ping": "freely",
  "runs.get": "own run",
  "runs.status": "own run",
  "runs.wait": "own run",
  "session.clear": "own session",
  "session.export": "own session",
  "session.get": "own session",
  "session.history": "own session",
  "session.send": "own session",
};

/** What every method says on a connection that has said `connect` in vain, all in one frame. */
async function reasonsAfterRefusal(url: string, auth: object): Promise<Record<string, unknown>> {
  const reasons: Record<string, unknown> = {};
  const names = loaded.map(({ name }) => name).filter((name) => name !== "auth.connect");
  // A stranger's frame has 4 KiB.
  for (let from = 0; from < names.length; from += 20) {
    using socket = await openFrames(url);
    const batch = names.slice(from, from + 20).map((name) => request(name, { [UNKNOWN_KEY]: 1 }, name));
    const [connected, ...answers] = (await socket.ask([request("connect", { auth }, "connect"), ...batch])) as Frame[];
    expect(connected!.error).toBeDefined();
    for (const { id, error } of answers) reasons[String(id)] = error?.data.reason ?? "called";
  }
  return reasons;
}

const whatFor = (scope: string, scopes: readonly string[]) => (scopes.includes(scope) ? "invalid_params" : "forbidden");

describe("methods × identities", () => {
  test("the list of what guests may is what the methods say, and what guests are told", () => {
    const said = Object.fromEntries(
      loaded.flatMap(({ name, guest }) =>
        guest ? [[name, guest.own === undefined ? "freely" : guest.own === "run_id" ? "own run" : "own session"]] : [],
      ),
    );
    expect<object>(said).toEqual(FOR_GUESTS);
    expect([...GUEST_METHODS].sort()).toEqual(["auth.connect", ...Object.keys(FOR_GUESTS)].sort());
  });

  test("a wrong token reaches none", async () => {
    await using app = await testApp();
    expect(await reasonsAfterRefusal(app.url, { token: "wrong" })).toEqual(expected(() => "unauthenticated"));
  });

  test("an invite that was used reaches none", async () => {
    await using app = await testApp();
    using guest = await inviteGuest(app);
    expect(await reasonsAfterRefusal(app.url, { invite: guest.invite })).toEqual(expected(() => "unauthenticated"));
  });

  test("a guest reaches what is for guests", async () => {
    await using app = await testApp();
    const { invite } = await app.client.call("auth.invites.create", { tools: [] });
    using first = await openFrames(app.url);
    const hello = (await first.ask(request("connect", { auth: { invite } }, 1))) as {
      result: { session_token: string };
    };
    const auth = { session_token: hello.result.session_token };
    const wanted = Object.fromEntries(
      Object.keys(expected(() => "")).map((name) => {
        const own = FOR_GUESTS[name];
        return [name, own === undefined ? "forbidden" : own === "own run" ? "not_found" : "invalid_params"];
      }),
    );
    expect(await reasonsFor(app.url, { auth })).toEqual(wanted);
  });

  test("a token that may read reaches what looks", async () => {
    await using app = await testApp();
    const { token } = await app.client.call("auth.tokens.create", { name: "reader", scopes: ["read"] });
    expect(await reasonsFor(app.url, { auth: { token } })).toEqual(expected((scope) => whatFor(scope, ["read"])));
  });

  test("a node reaches what is for nodes", async () => {
    await using app = await testApp();
    const { code } = await app.client.call("auth.pairing.invite", { role: "node" });
    const node = await connectDevice(app.url, await testDevice(), { pairingCode: code, role: "node", scopes: [] });
    using _ = node.socket;
    const auth = { session_token: String(node.answer.result!.session_token) };
    expect(await reasonsFor(app.url, { auth })).toEqual(expected((scope) => whatFor(scope, ["node"])));
  });

  test("a device that was ended reaches none, also with the session that it had", async () => {
    await using app = await testApp();
    const { code } = await app.client.call("auth.pairing.invite", {});
    const device = await testDevice();
    const { answer, socket } = await connectDevice(app.url, device, { pairingCode: code });
    await app.client.call("auth.devices.revoke", { device_id: device.id });
    expect((await socket.closed).code).toBe(4401);
    const auth = { session_token: String(answer.result!.session_token) };
    expect(await reasonsAfterRefusal(app.url, auth)).toEqual(expected(() => "unauthenticated"));
  });

  test("a session that has expired reaches none", async () => {
    const clock = { ahead: 0 };
    await using app = await testApp({ now: () => Date.now() + clock.ahead });
    using socket = await openFrames(app.url);
    const connect = request("connect", { auth: { token: app.token } }, 1);
    const { result } = (await socket.ask(connect)) as { result: { session_token: string } };
    clock.ahead = 25 * 3_600_000;
    const auth = { session_token: result.session_token };
    expect(await reasonsAfterRefusal(app.url, auth)).toEqual(expected(() => "unauthenticated"));
  });

  test("an operator's device reaches all but what is for nodes", async () => {
    await using app = await testApp();
    const { code } = await app.client.call("auth.pairing.invite", {});
    const device = await connectDevice(app.url, await testDevice(), { pairingCode: code, scopes: [...SCOPES] });
    using _ = device.socket;
    const auth = { session_token: String(device.answer.result!.session_token) };
    expect(await reasonsFor(app.url, { auth })).toEqual(expected((scope) => whatFor(scope, SCOPES)));
  });
});
