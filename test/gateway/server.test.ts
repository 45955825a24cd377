import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import * as z from "zod";
import { healthRoute } from "../../src/gateway/routes/health.ts";
import { defineMethod } from "../../src/sdk/method.ts";
import { defineRoute } from "../../src/sdk/route.ts";
import { testApp } from "../support/app.ts";
import { openFrames, request } from "../support/frames.ts";
import { TOKEN, testGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

const isOpen = (url: string) =>
  fetch(`${url}/health`).then(
    () => true,
    () => false,
  );

const ping = request("rpc.ping", {}, 1);
const PONG = { id: 1, result: { pong: true } };

/** An address of this machine that others could reach it by. */
const outside = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ internal, family }) => !internal && family === "IPv4")?.address;

describe("Gateway: address", () => {
  test("moves to another port: what is connected stays, who comes new finds the new one", async () => {
    await using server = await testGateway();
    using before = await openFrames(server.url, { token: TOKEN });
    const { url } = server.gateway.listen("127.0.0.1", 0);
    expect(new URL(url).port).toBe(new URL(server.url).port);
    using holder = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
    const free = holder.port;
    holder.stop(true);
    const moved = server.gateway.listen("127.0.0.1", free);
    expect(moved).toEqual({ url: `http://127.0.0.1:${free}`, port: free });
    using after = await openFrames(moved.url, { token: TOKEN });
    expect([await before.ask(ping), await after.ask(ping)]).toMatchObject([PONG, PONG]);
    expect(await isOpen(server.url)).toBe(false);
  });

  test("moves to another address on the same port", async () => {
    await using server = await testGateway({ host: "0.0.0.0" });
    const { port } = new URL(server.url);
    expect(server.url).toBe(`http://127.0.0.1:${port}`);
    using before = await openFrames(server.url, { token: TOKEN });
    expect(server.gateway.onLoopback).toBe(false);
    expect(server.gateway.listen("127.0.0.1", Number(port))).toEqual({
      url: `http://127.0.0.1:${port}`,
      port: Number(port),
    });
    expect(server.gateway.onLoopback).toBe(true);
    // From an address that everyone can reach to one that nobody else can: nobody stays.
    expect(await before.closed).toEqual({ code: 1012, reason: "address changes" });
    using after = await openFrames(`http://127.0.0.1:${port}`, { token: TOKEN });
    expect(await after.ask(ping)).toMatchObject(PONG);
    if (outside) expect(await isOpen(`http://${outside}:${port}`)).toBe(false);
  });

  test("stays where it is when the new address is taken or is not this machine's", async () => {
    await using server = await testGateway();
    const { port } = new URL(server.url);
    using holder = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
    expect(() => server.gateway.listen("127.0.0.1", holder.port)).toThrow(
      expect.objectContaining({ code: "EADDRINUSE" }),
    );
    expect(() => server.gateway.listen("192.0.2.1", Number(port))).toThrow();
    using socket = await openFrames(server.url, { token: TOKEN });
    expect(await socket.ask(ping)).toMatchObject(PONG);
  });

  test("another program cannot listen on its port", async () => {
    await using server = await testGateway();
    const port = Number(new URL(server.url).port);
    expect(() => Bun.serve({ hostname: "127.0.0.1", port, fetch: () => new Response("mine") })).toThrow(
      expect.objectContaining({ code: "EADDRINUSE" }),
    );
  });
});

describe("Gateway: start and stop", () => {
  test("/health answers before anything else is there, and the rest waits without being lost", async () => {
    const assembled = Promise.withResolvers<void>();
    const late = defineRoute({ auth: "public", handle: () => new Response("late") });
    await using server = await testGateway({
      assembled: assembled.promise,
      routes: { "GET /health": healthRoute, "GET /late": late },
    });
    const waiting = fetch(`${server.url}/late`);
    const opening = openFrames(server.url, { token: TOKEN });
    const health = await fetch(`${server.url}/health`);
    expect([health.status, await health.text(), Bun.peek.status(waiting)]).toEqual([200, "OK", "pending"]);
    assembled.resolve();
    expect(await (await waiting).text()).toBe("late");
    using socket = await opening;
    expect(await socket.ask(ping)).toMatchObject(PONG);
  });

  test("is quiet while nobody waits for an answer, whoever is connected", async () => {
    const answer = Promise.withResolvers<void>();
    const waits = async () => {
      await answer.promise;
      return null;
    };
    const method = defineMethod({
      ...{ name: "test.wait", summary: "Wait", scope: "read", handle: waits },
      ...{ params: z.strictObject({}), result: z.null() },
    });
    const route = defineRoute({ auth: "public", handle: () => waits().then(() => new Response("late")) });
    await using server = await testGateway({ methods: [method], routes: { "GET /late": route } });
    const { gateway } = server;
    using socket = await openFrames(server.url, { token: TOKEN });
    expect(gateway.isQuiet).toBe(true);
    const asked = socket.ask(request("test.wait", {}, 2));
    await until(() => !gateway.isQuiet);
    const fetched = fetch(`${server.url}/late`);
    answer.resolve();
    await Promise.all([asked, fetched.then((late) => late.text())]);
    await until(() => gateway.isQuiet);
    const other = Promise.withResolvers<void>();
    answer.promise = other.promise;
    const again = fetch(`${server.url}/late`);
    await until(() => !gateway.isQuiet);
    other.resolve();
    expect(await (await again).text()).toBe("late");
    await until(() => gateway.isQuiet);
  });

  test("sockets wait until clients may be served", async () => {
    const ready = Promise.withResolvers<void>();
    await using server = await testGateway({ ready: ready.promise });
    let isConnected = false;
    const opening = openFrames(server.url, { token: TOKEN }).then((socket) => {
      isConnected = true;
      return socket;
    });
    expect((await fetch(`${server.url}/nothing`)).status).toBe(404);
    expect(isConnected).toBe(false);
    ready.resolve();
    using socket = await opening;
    expect(await socket.ask(ping)).toMatchObject(PONG);
  });

  test("a start that fails is a refusal, not a silence", async () => {
    const ready = Promise.reject(new Error("disk in /root is broken"));
    ready.catch(() => "the gateway sees it");
    await using server = await testGateway({ ready });
    const answer = await fetch(`${server.url}/ws`, { headers: { connection: "upgrade", upgrade: "websocket" } });
    expect([answer.status, await answer.json()]).toEqual([
      500,
      { error: { message: "Internal error", reason: "internal", data: { reason: "internal" } } },
    ]);
  });

  test("takes no new ones after stopAccepting, and those that are open go on until the end, which is 1012", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    server.gateway.stopAccepting();
    expect(
      await openFrames(server.url).then(
        () => "opened",
        () => "refused",
      ),
    ).toBe("refused");
    const answer = await fetch(`${server.url}/ready`);
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { error: { message: "Server stops", reason: "overloaded", data: { reason: "overloaded" } } },
    ]);
    expect(await socket.ask(ping)).toMatchObject(PONG);
    await server.gateway[Symbol.asyncDispose]();
    expect(await socket.closed).toEqual({ code: 1012, reason: "server stops" });
  });

  test("a client inside the process is the owner's and needs no secret", async () => {
    await using server = await testGateway();
    const transport = await server.gateway.openLocal();
    const frames: string[] = [];
    transport.onFrame = (frame) => void frames.push(frame);
    transport.send(JSON.stringify(ping));
    transport.send(JSON.stringify(request("connect", {}, 2)));
    await until(() => frames.length === 3);
    expect(frames.map((frame) => JSON.parse(frame))).toMatchObject([
      { method: "event", params: { topic: "connect.challenge" } },
      PONG,
      { id: 2, result: { identity: { id: "owner" } } },
    ]);
    server.gateway.revoke("process");
    expect(await transport.closed).toEqual({ code: 4401, reason: "credential revoked" });
    transport.send(JSON.stringify(ping));
    expect(server.gateway.connections).toBe(0);
  });
});

describe("auth.mode none", () => {
  test("listens on loopback whatever is configured, says so, and everyone there is the owner", async () => {
    await using app = await testApp({ config: { auth: { mode: "none" }, gateway: { host: "0.0.0.0" } } });
    const { port, hostname } = new URL(app.url);
    expect(hostname).toBe("127.0.0.1");
    using socket = await openFrames(app.url);
    expect(await socket.ask(request("auth.whoami", {}, 1))).toMatchObject({ result: { identity: { id: "owner" } } });
    if (outside) expect(await isOpen(`http://${outside}:${port}`)).toBe(false);
    expect(app.logs.filter(({ level }) => level === "warn")).toContainEqual({
      ts: expect.any(Number),
      level: "warn",
      message: 'auth.mode is "none": every program on this machine is the owner; listening on loopback only',
      fields: { host: "0.0.0.0" },
    });
  });

  test("Origin and Host are checked as ever", async () => {
    await using app = await testApp({ config: { auth: { mode: "none" } } });
    const { port } = new URL(app.url);
    const refused = (headers: Record<string, string>) =>
      openFrames(app.url, { headers }).then(
        () => "opened",
        () => "refused",
      );
    expect(await refused({ origin: "http://evil.example" })).toBe("refused");
    expect(await refused({ origin: `http://127.0.0.1:${Number(port) + 1}` })).toBe("refused");
    expect(await refused({ host: "evil.example" })).toBe("refused");
    expect(await refused({ origin: `http://127.0.0.1:${port}` })).toBe("opened");
  });

  test("switched on while the server can be reached from elsewhere, it moves to loopback first", async () => {
    await using app = await testApp({ toml: '[gateway]\nhost = "0.0.0.0"\n', config: { gateway: {} } });
    const { port } = new URL(app.url);
    using before = await openFrames(app.url);
    writeFileSync(app.home.config, '[gateway]\nhost = "0.0.0.0"\n[auth]\nmode = "none"\n');
    // Its own connection is among those that end.
    await app.client.call("config.reload", {}).catch(() => "closed before the answer");
    expect(await before.closed).toMatchObject({ code: 1012 });
    using after = await openFrames(app.url);
    expect(await after.ask(request("auth.whoami", {}, 1))).toMatchObject({ result: { identity: { id: "owner" } } });
    if (outside) expect(await isOpen(`http://${outside}:${port}`)).toBe(false);
    // And back: who was let in without a credential has to go.
    writeFileSync(app.home.config, '[gateway]\nhost = "0.0.0.0"\n');
    await after.ask(request("config.reload", {}, 2)).catch(() => "closed before the answer");
    expect(await after.closed).toMatchObject({ code: 4401 });
    using stranger = await openFrames(app.url);
    expect(await stranger.ask(request("auth.whoami", {}, 1))).toMatchObject({
      error: { data: { reason: "unauthenticated" } },
    });
  });

  test("asks for the token as long as it cannot move to loopback", async () => {
    // Another address of this machine, so that loopback's port can be taken by someone else.
    if (!outside) return;
    await using app = await testApp({ toml: `[gateway]\nhost = "${outside}"\n`, config: { gateway: {} } });
    const { port } = new URL(app.url);
    using _holder = Bun.listen({ hostname: "127.0.0.1", port: Number(port), socket: { data: () => undefined } });
    writeFileSync(app.home.config, `[gateway]\nhost = "${outside}"\nport = ${port}\n[auth]\nmode = "none"\n`);
    await app.client.call("config.reload", {});
    expect(app.logs.map(({ message }) => message)).toContain("the new address cannot be used, the old one stays");
    using socket = await openFrames(app.url);
    expect(await socket.ask(request("auth.whoami", {}, 1))).toMatchObject({
      error: { data: { reason: "unauthenticated" } },
    });
  });
});
