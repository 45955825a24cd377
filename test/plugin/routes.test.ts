import { describe, expect, test } from "bun:test";
import { PluginRoutes } from "../../src/plugin/routes.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { type Grant, OWNER_GRANT } from "../../src/protocol/identity.ts";
import type { PluginRoute } from "../../src/sdk/plugin.ts";
import { handlerError, type TestPluginOptions, testPlugin, testPlugins } from "../support/active-plugin.ts";
import { refusal } from "../support/config.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

const route = (method: string, path: string, more: Partial<PluginRoute> = {}): PluginRoute => ({
  method,
  path,
  handler: "handle",
  auth: "token",
  ...more,
});

const SIGNATURE = { header: "x-signature", prefix: "sha256=", secret: "HOOK_SECRET" };
const sign = (body: string, secret = "s3cret") =>
  `sha256=${new Bun.CryptoHasher("sha256", secret).update(body).digest("hex")}`;

const ROUTES = [
  route("GET", "/status"),
  route("POST", "/status"),
  route("GET", "/open", { auth: "public" }),
  route("POST", "/hook", { auth: "signature", signature: SIGNATURE }),
  route("POST", "/small", { maxBody: 4, timeoutMs: 30 }),
  route("GET", "/nested/deep.json"),
];

interface Setup {
  readonly handle?: NonNullable<TestPluginOptions["handlers"]>[string];
  readonly env?: Readonly<Record<string, string>>;
  readonly rate?: number;
}

function setUp({ handle = () => ({ body: "ok" }), env = { HOOK_SECRET: "s3cret" }, rate = 0 }: Setup = {}) {
  const plugin = testPlugin({ manifest: { id: "acme", httpRoutes: ROUTES }, handlers: { handle }, env });
  const clock = { now: 0 };
  const { log, entries } = testLog();
  const routes = new PluginRoutes({
    plugins: testPlugins([plugin]),
    log,
    rate: () => rate,
    monotonic: () => clock.now,
  });
  const ask = (line: string, init: RequestInit & { as?: Grant; address?: string } = {}) => {
    const [method, path] = line.split(" ") as [string, string];
    const { as, address = "10.0.0.1", ...rest } = init;
    return routes.answer({
      request: new Request(`http://127.0.0.1${path}`, { ...rest, method }),
      address,
      authenticate() {
        if (as) return as;
        throw new AlephError("unauthenticated", "A bearer token is needed");
      },
    });
  };
  return {
    plugin,
    entries,
    clock,
    ask,
    owner: (line: string, init: RequestInit = {}) => ask(line, { ...init, as: OWNER_GRANT }),
  };
}

describe("PluginRoutes", () => {
  test("hands a request to the handler of its method and path, and its answer back", async () => {
    const t = setUp({ handle: (args, { context }) => ({ status: 201, body: { args, context } }) });
    const answer = await t.owner("POST /plugins/acme/status?a=1", { body: "hi", headers: { "x-a": "b" } });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toEqual({
      args: {
        method: "POST",
        path: "/status",
        query: { a: "1" },
        headers: expect.objectContaining({ "x-a": "b" }),
        body: "hi",
        encoding: "utf8",
      },
      context: { auth: "token", identity: "owner" },
    });
    expect((await t.owner("HEAD /plugins/acme/status")).status).toBe(201);
    expect((await t.owner("GET /plugins/acme/nested/deep.json")).status).toBe(201);
  });

  test("lets anyone ask what is public, and knows nobody there", async () => {
    const t = setUp({ handle: (_, { context }) => ({ body: { context } }) });
    expect(await (await t.ask("GET /plugins/acme/open")).json()).toEqual({
      context: { auth: "public", identity: null },
    });
  });

  test.each([
    "GET /plugins/acme/nothing",
    "GET /plugins/acme/status/",
    "GET /plugins/acme/Status",
    "GET /plugins/acme//status",
    "GET /plugins/acme/%73tatus",
    "GET /plugins/acme/nested%2fdeep.json",
    "GET /plugins/acme/nested/..%2fstatus",
    "GET /plugins/acme/%2e%2e%2fopen",
    "GET /plugins/%61cme/open",
    "GET /plugins/acme",
    "GET /plugins/acme/",
    "GET /plugins//open",
    "GET /plugins/",
    "GET /plugins/other/status",
    "GET /plugins/constructor/status",
    "POST /plugins/acme/open",
    "DELETE /plugins/acme/status",
    "GET /plugins/acme/hook",
  ])("serves nothing at %s, and tells strangers not even that", async (line) => {
    const t = setUp();
    expect(await refusal(() => t.owner(line))).toMatchObject({
      reason: "not_found",
      message: "Nothing is served at this path",
    });
    expect(await refusal(() => t.ask(line))).toEqual(await refusal(() => t.ask("GET /plugins/acme/status")));
    expect(t.plugin.calls).toEqual([]);
  });

  test("takes a signed body as it came, and refuses all others as it refuses strangers elsewhere", async () => {
    const t = setUp({ handle: ({ body }: { body: string }) => ({ body }) });
    const hook = (body: string, signature?: string) =>
      t.ask("POST /plugins/acme/hook", { body, headers: signature === undefined ? {} : { "x-signature": signature } });
    expect(await (await hook('{"a": 1}', sign('{"a": 1}'))).text()).toBe('{"a": 1}');
    const stranger = await refusal(() => t.ask("GET /plugins/other/status"));
    expect(await refusal(() => hook('{"a": 2}', sign('{"a": 1}')))).toEqual(stranger);
    expect(await refusal(() => hook('{"a": 1}', sign('{"a": 1}', "guess")))).toEqual(stranger);
    expect(await refusal(() => hook('{"a": 1}'))).toEqual(stranger);
    expect(t.plugin.calls).toHaveLength(1);
  });

  test("takes no token in place of a signature", async () => {
    const t = setUp();
    expect(await refusal(() => t.owner("POST /plugins/acme/hook", { body: "{}" }))).toMatchObject({
      reason: "forbidden",
      message: 'The body must be signed, in header "x-signature"',
    });
    expect(t.plugin.calls).toEqual([]);
  });

  test("is not available while the secret of a signature is missing or empty, and says why in the log only", async () => {
    for (const env of [{}, { HOOK_SECRET: "" }]) {
      const t = setUp({ env });
      const headers = { "x-signature": sign("{}", "") };
      expect(await refusal(() => t.ask("POST /plugins/acme/hook", { body: "{}", headers }))).toEqual({
        reason: "overloaded",
        message: "This is not available now",
        data: {},
      });
      expect(t.entries.at(-1)?.fields).toMatchObject({ plugin: "acme", variable: "HOOK_SECRET" });
      expect(t.plugin.calls).toEqual([]);
    }
  });

  test("refuses a body over the route's limit, or over 1 MiB where it names none", async () => {
    const t = setUp();
    expect((await t.owner("POST /plugins/acme/small", { body: "1234" })).status).toBe(200);
    expect((await refusal(() => t.owner("POST /plugins/acme/small", { body: "12345" }))).reason).toBe(
      "payload_too_large",
    );
    const body = "x".repeat(1024 * 1024);
    expect((await t.owner("POST /plugins/acme/status", { body })).status).toBe(200);
    expect((await refusal(() => t.owner("POST /plugins/acme/status", { body: `${body}x` }))).reason).toBe(
      "payload_too_large",
    );
  });

  test("ends a call that takes longer than the route allows, and one whose body does not come", async () => {
    const t = setUp({ handle: () => new Promise(() => undefined) });
    expect((await refusal(() => t.owner("POST /plugins/acme/small"))).reason).toBe("timeout");
    const body = new ReadableStream();
    expect(await refusal(() => t.owner("POST /plugins/acme/small", { body }))).toMatchObject({
      reason: "timeout",
      message: "The body did not come within 30 ms",
    });
  });

  test("gives the handler 30 s where the route names no time, less what the body took", async () => {
    const times: (number | undefined)[] = [];
    const t = setUp({ handle: (_, { timeoutMs }) => void times.push(timeoutMs) });
    await t.owner("GET /plugins/acme/status");
    const pull = (controller: ReadableStreamDefaultController) => {
      t.clock.now = 4000;
      controller.close();
    };
    const body = new ReadableStream({ pull }, { highWaterMark: 0 });
    await t.owner("POST /plugins/acme/status", { body });
    expect(times).toEqual([30_000, 26_000]);
  });

  test("ends the call when the client goes", async () => {
    let signal: AbortSignal | undefined;
    const t = setUp({
      handle: (_, call) => {
        signal = call.signal;
        return new Promise(() => undefined);
      },
    });
    const client = new AbortController();
    const asked = refusal(() => t.owner("GET /plugins/acme/status", { signal: client.signal }));
    await until(() => signal);
    client.abort();
    expect([(await asked).reason, signal?.aborted]).toEqual(["cancelled", true]);
  });

  test("tells who may know what broke in the plugin, and strangers only that it did", async () => {
    const t = setUp({ handle: () => Promise.reject(handlerError("No row in table secrets")) });
    expect(await refusal(() => t.owner("GET /plugins/acme/status"))).toMatchObject({
      reason: "plugin_error",
      message: "No row in table secrets",
    });
    expect(await refusal(() => t.ask("GET /plugins/acme/open"))).toEqual({
      reason: "plugin_error",
      message: "The plugin could not answer",
      data: {},
    });
    expect(t.entries.filter(({ level }) => level === "warn")).toHaveLength(2);
    const wrong = setUp({ handle: () => "no answer" });
    expect((await refusal(() => wrong.ask("GET /plugins/acme/open"))).message).toBe("The plugin could not answer");
  });

  test("limits how often one identity, or one stranger's address, may ask", async () => {
    const t = setUp({ rate: 2 });
    const open = (address: string) => t.ask("GET /plugins/acme/open", { address });
    await open("10.0.0.1");
    await open("10.0.0.1");
    expect(await refusal(() => open("10.0.0.1"))).toEqual({
      reason: "rate_limited",
      message: "More than 2 requests a second",
      data: { retry_after_ms: 500 },
    });
    await open("10.0.0.2");
    await t.owner("GET /plugins/acme/status");
    t.clock.now += 500;
    await open("10.0.0.1");
  });

  test("has at most 64 requests of a plugin under way", async () => {
    const gate = Promise.withResolvers<void>();
    const t = setUp({ handle: () => gate.promise });
    const asked = Array.from({ length: 64 }, () => t.ask("GET /plugins/acme/open"));
    await until(() => t.plugin.calls.length === 64);
    expect((await refusal(() => t.ask("GET /plugins/acme/open"))).reason).toBe("overloaded");
    gate.resolve();
    await Promise.all(asked);
    expect((await t.ask("GET /plugins/acme/open")).status).toBe(204);
  });
});
