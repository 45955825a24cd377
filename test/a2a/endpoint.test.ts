/** Who may reach /a2a, and what it says to what it cannot read. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { a2aApp, openAgent, saying } from "../support/a2a.ts";
import { type TestApp, testApp } from "../support/app.ts";
import { inviteGuest } from "../support/guest.ts";

const CARD = "/.well-known/agent-card.json";
const GET = { jsonrpc: "2.0", id: 7, method: "tasks/get", params: { id: "x" } };

function post({ url, token }: Pick<TestApp, "url" | "token">, body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${url}/a2a`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

async function errorOf(answer: Response): Promise<{ id: unknown; code: number; message: string }> {
  const { id, error } = (await answer.json()) as { id: unknown; error: { code: number; message: string } };
  return { id, code: error.code, message: error.message };
}

describe("/a2a", () => {
  test("is not there until it is switched on", async () => {
    await using app = await testApp();
    expect((await fetch(app.url + CARD)).status).toBe(404);
    expect((await post(app, GET)).status).toBe(404);
  });

  test("the card is public and says in both versions that a token is needed", async () => {
    await using app = await a2aApp({
      config: { a2a: { name: "Ada", description: "Helps", url: "https://ada.example/" } },
    });
    const card = (await (await fetch(app.url + CARD)).json()) as Record<string, unknown>;
    expect(card).toMatchObject({
      name: "Ada",
      description: "Helps",
      url: "https://ada.example/a2a",
      protocolVersion: "0.3.0",
      preferredTransport: "JSONRPC",
      supportedInterfaces: [
        { url: "https://ada.example/a2a", protocolBinding: "JSONRPC", protocolVersion: "1.0" },
        { url: "https://ada.example/a2a", protocolBinding: "JSONRPC", protocolVersion: "0.3" },
      ],
      capabilities: { streaming: true, pushNotifications: true },
      securitySchemes: { bearer: { type: "http", scheme: "bearer", httpAuthSecurityScheme: { scheme: "Bearer" } } },
      security: [{ bearer: [] }],
      securityRequirements: [{ schemes: { bearer: {} } }],
    });
    expect(Object.keys(card)).not.toContain("tools");
  });

  test("the card may be kept for a minute, and is sent again only when it has changed", async () => {
    await using app = await a2aApp();
    const first = await fetch(app.url + CARD);
    expect(first.headers.get("cache-control")).toBe("public, max-age=60");
    expect(first.headers.get("vary")).toBe("host, A2A-Version");
    const etag = first.headers.get("etag") ?? "";
    const again = await fetch(app.url + CARD, { headers: { "if-none-match": `"other", W/${etag}` } });
    expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
    expect((await fetch(app.url + CARD, { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  });

  test("the card for who speaks 1.0 has nothing of 0.3", async () => {
    await using app = await a2aApp();
    const headers = { "a2a-version": "1.0" };
    const card = (await (await fetch(app.url + CARD, { headers })).json()) as Record<string, unknown>;
    expect(Object.keys(card).sort()).toEqual([
      "capabilities",
      "defaultInputModes",
      "defaultOutputModes",
      "description",
      "name",
      "securityRequirements",
      "securitySchemes",
      "skills",
      "supportedInterfaces",
      "version",
    ]);
    expect(card.securitySchemes).toMatchObject({ bearer: { httpAuthSecurityScheme: { scheme: "Bearer" } } });
  });

  test("where everybody is the owner the card asks for nothing", async () => {
    await using app = await a2aApp({ config: { auth: { mode: "none" } } });
    const card = (await (await fetch(app.url + CARD)).json()) as Record<string, unknown>;
    expect([card.security, card.securitySchemes]).toEqual([undefined, undefined]);
    expect((await errorOf(await post({ url: app.url, token: "" }, GET, { authorization: "" }))).code).toBe(-32001);
  });

  test("refuses who has no token, a wrong one and one that may only look", async () => {
    await using app = await a2aApp();
    expect((await post(app, GET, { authorization: "" })).status).toBe(401);
    expect((await post({ url: app.url, token: "wrong" }, GET)).status).toBe(401);
    const reading = await app.client.call("auth.tokens.create", { name: "reader", scopes: ["read"] });
    expect((await post({ url: app.url, token: reading.token }, GET)).status).toBe(403);
    expect((await post(app, GET, { origin: "http://evil.example" })).status).toBe(403);
  });

  test("a guest gets nothing: neither the invite nor the session lets in, whatever is asked", async () => {
    await using app = await a2aApp();
    app.fake.reply("Mine");
    const { id } = (await (await openAgent(app)).sendMessage(saying("A secret", { contextId: "c" }))) as { id: string };
    using guest = await inviteGuest(app);
    const session = String(guest.hello.session_token);
    const message = { kind: "message", role: "user", messageId: "m", parts: [{ kind: "text", text: "x" }] };
    const asked: [string, object][] = [
      [session, { ...GET, params: { id } }],
      [session, { ...GET, method: "ListTasks", params: {} }],
      [session, { ...GET, method: "message/send", params: { message: { ...message, taskId: id } } }],
      [guest.invite, { ...GET, method: "tasks/cancel", params: { id } }],
      [guest.invite, { ...GET, method: "message/send", params: { message: { ...message, contextId: "c" } } }],
    ];
    for (const [token, body] of asked) {
      const answer = await post({ url: app.url, token }, body);
      expect([body, answer.status]).toEqual([body, 401]);
      expect(await answer.text()).not.toContain("secret");
    }
    // Who goes on trying is not listened to for a while, as on every surface.
    const late = await post({ url: app.url, token: session }, GET);
    expect([late.status, Number(late.headers.get("retry-after")) > 0]).toEqual([429, true]);
    expect(app.fake.requests).toHaveLength(1);
  });

  test("a token that is revoked or rotated is worth nothing at the next request", async () => {
    await using app = await a2aApp();
    const { token, token_id } = await app.client.call("auth.tokens.create", { name: "agent", scopes: ["chat"] });
    expect((await post({ url: app.url, token }, GET)).status).toBe(200);
    await app.client.call("auth.tokens.revoke", { token_id });
    expect((await post({ url: app.url, token }, GET)).status).toBe(401);
    app.fake.reply("Mine");
    const task = (await (await openAgent(app)).sendMessage(saying("Keep"))) as { id: string };
    await app.client.call("auth.tokens.rotate", {});
    const next = readFileSync(join(app.home.credentials, "token"), "utf8").trim();
    expect((await post(app, GET)).status).toBe(401);
    // It is still the same owner.
    const found = await (await openAgent({ url: app.url, token: next })).getTask({ tenant: "", id: task.id });
    expect(found.id).toBe(task.id);
  });

  test("a stream that cannot begin is an error, which clients of 0.3 get in the stream that they wait for", async () => {
    await using app = await a2aApp();
    const accept = { accept: "text/event-stream" };
    const old = await post(app, { ...GET, method: "tasks/resubscribe" }, accept);
    expect([old.status, old.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    const [, data = ""] = /^data: (.*)$/m.exec(await old.text()) ?? [];
    expect(JSON.parse(data)).toMatchObject({ jsonrpc: "2.0", id: 7, error: { code: -32001 } });
    const plain = await post(app, { ...GET, method: "tasks/resubscribe" });
    expect(await errorOf(plain)).toMatchObject({ id: 7, code: -32001 });
    const modern = await post(app, { ...GET, method: "SubscribeToTask" }, accept);
    expect(await errorOf(modern)).toMatchObject({ id: 7, code: -32001 });
  });

  test("begins no more runs a second than limits.rate.run says, and says how long to wait", async () => {
    await using app = await a2aApp({ config: { limits: { rate: { run: 2 } } } });
    app.fake.answer(() => "Here");
    const send = async (messageId: string) => {
      const parts = [{ kind: "text", text: "x" }];
      const message = { kind: "message", role: "user", messageId, parts };
      const answer = await post(app, { jsonrpc: "2.0", id: 1, method: "message/send", params: { message } });
      return (await answer.json()) as { error?: unknown };
    };
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => send(`m${index}`)));
    const refused = answers.flatMap(({ error }) => error ?? []);
    // A slow machine may let some more in meanwhile.
    expect(refused.length).toBeGreaterThan(0);
    for (const error of refused) {
      expect(error).toEqual({
        code: -32000,
        message: "More than 2 runs a second",
        data: { reason: "rate_limited", retry_after_ms: expect.any(Number) },
      });
    }
    expect(app.fake.requests).toHaveLength(answers.length - refused.length);
  });

  test("says what is wrong with a request in the protocol's own words", async () => {
    await using app = await a2aApp();
    const send = (message: unknown) => ({ jsonrpc: "2.0", id: 1, method: "message/send", params: { message } });
    const parts = [{ kind: "text", text: "x" }];
    const cases: [unknown, number, Record<string, string>?][] = [
      ["{", -32700],
      [[GET], -32600],
      [{ ...GET, jsonrpc: "1.0" }, -32600],
      [{ ...GET, jsonrpc: "1.0", method: "GetTask" }, -32600, { "a2a-version": "1.0" }],
      [{ ...GET, method: 7 }, -32600],
      [{ ...GET, id: { a: 1 } }, -32600],
      [null, -32600],
      [{ ...GET, method: "tasks/none" }, -32601],
      [{ ...GET, params: [] }, -32602],
      [{ ...GET, params: {} }, -32602],
      [GET, -32001],
      [send(undefined), -32602],
      [send({ kind: "message", role: "user", parts }), -32602],
      [send({ kind: "message", role: "user", messageId: "m", parts: [] }), -32602],
      [send({ kind: "message", role: "agent", messageId: "m", parts }), -32602],
      [send({ kind: "message", role: "user", messageId: "m", taskId: "none", parts }), -32001],
      [{ ...GET, method: "ListTasks", params: { status: "INVALID_STATUS" } }, -32602],
      [{ ...GET, method: "ListTasks", params: { statusTimestampAfter: "-1" } }, -32602],
      [{ ...GET, method: "ListTasks", params: { statusTimestampAfter: "2026-02-30T25:00:00Z" } }, -32602],
      [{ ...GET, method: "ListTasks", params: { pageSize: -1 } }, -32602],
      [{ ...GET, method: "ListTasks", params: { historyLength: -1 } }, -32602],
      [GET, -32005, { "content-type": "text/plain" }],
      [GET, -32009, { "a2a-version": "9.0" }],
    ];
    for (const [body, code, headers] of cases) {
      const answer = await post(app, body, headers);
      expect([body, answer.status, (await errorOf(answer)).code]).toEqual([body, 200, code]);
    }
    const card = { jsonrpc: "2.0", id: 1, method: "agent/getAuthenticatedExtendedCard" };
    expect((await errorOf(await post(app, card))).code).toBe(-32007);
    expect((await post(app, `"${"x".repeat(9_000_000)}"`)).status).toBe(413);
  });
});
