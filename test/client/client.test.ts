import { describe, expect, test } from "bun:test";
import { type Client, type ClientState, connect, isTopic } from "../../src/client/client.ts";
import { openWebSocket } from "../../src/client/transport.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import type { EventFrame } from "../../src/protocol/events.ts";
import type { Transport } from "../../src/sdk/transport.ts";
import { testApp } from "../support/app.ts";
import { testFolder } from "../support/folder.ts";
import { type TestGateway, TOKEN, testGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

const SESSION = "agent:main:main";

/** Opens connections to a place that may change, and can cut them. */
function line(url: () => string) {
  const open: Transport[] = [];
  return {
    async open(): Promise<Transport> {
      const transport = await openWebSocket(`${url().replace("http", "ws")}/ws`);
      open.push(transport);
      return transport;
    },
    cut: () => void open.at(-1)?.close(),
    /** Connections that were opened. */
    get count() {
      return open.length;
    },
  };
}

function publish({ bus }: Pick<TestGateway, "bus">, count: number): void {
  for (let index = 0; index < count; index++) {
    bus.publish("session.updated", { session_key: SESSION, title: null, updated_at: 1 }, { sessionKey: SESSION });
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

async function reasonOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof AlephError) return thrown.reason;
    throw thrown;
  }
  return "done";
}

const hello = { client: { id: "test", version: "1", platform: "test" } };

describe("connect", () => {
  test("shakes hands and learns what the server is", async () => {
    await using app = await testApp();
    expect(app.client.hello).toEqual({
      protocol: 1,
      server: { name: "aleph-server", version: expect.any(String), instance_id: expect.stringMatching(/^srv_/) },
      identity: { id: "owner", kind: "owner" },
      role: "operator",
      scopes: ["read", "chat", "write", "approve", "admin"],
      session_token: expect.any(String),
      session_expires_at: expect.any(Number),
      features: { methods: expect.arrayContaining(["agent.run"]), events: expect.arrayContaining(["stream.chunk"]) },
      policy: {
        max_payload: 8 * 1024 * 1024,
        max_buffered: 1024 * 1024,
        tick_interval_ms: 30_000,
        rate_limits: { read: 2000, write: 200, run: 20, http: 10_000 },
      },
    });
  });

  test("rejects with the server's words when it refuses, and does not try again", async () => {
    await using server = await testGateway();
    const states: ClientState[] = [];
    const { open, ...opened } = line(() => server.url);
    const attempt = connect({
      ...hello,
      open,
      credentials: () => ({ token: "wrong" }),
      reconnect: true,
      onState: (state) => states.push(state),
    });
    await expect(attempt).rejects.toMatchObject({ reason: "auth_failed", message: "Token is not valid" });
    await until(() => server.gateway.connections === 0);
    expect(states.map(({ kind }) => kind)).toEqual(["refused"]);
    expect(opened.count).toBe(0);
  });

  test("rejects when there is no server, and leaves nothing behind", async () => {
    const states: ClientState[] = [];
    const attempt = connect({
      ...hello,
      open: () => openWebSocket("ws://127.0.0.1:9/ws"),
      reconnect: true,
      onState: (state) => states.push(state),
    });
    await expect(attempt).rejects.toThrow("No connection to ws://127.0.0.1:9/ws");
    expect(states).toEqual([]);
  });

  test("needs no credentials where the server asks for none", async () => {
    await using server = await testGateway({ mode: () => "none" });
    using client = await connect({ ...hello, open: line(() => server.url).open });
    expect(client.hello.identity).toEqual({ id: "owner", kind: "owner" });
  });
});

describe("call", () => {
  test("gives the result, or throws what the server says", async () => {
    await using app = await testApp();
    expect(await app.client.call("rpc.ping", {})).toEqual({ pong: true, ts: expect.any(Number) });
    await expect(app.client.call("session.get", { session_key: "agent:main:none" })).rejects.toMatchObject({
      reason: "not_found",
    });
    const wrong = app.client.call("session.history", { session_key: SESSION, limit: -1 });
    await expect(wrong).rejects.toMatchObject({
      reason: "invalid_params",
      data: { issues: [{ path: "limit", message: "must be at least 1" }] },
    });
  });

  test("a call whose answer is lost with the connection is cancelled, as is one without a connection", async () => {
    await using app = await testApp();
    const { open, cut } = line(() => app.url);
    using client = await connect({ ...hello, open, credentials: () => ({ token: app.token }) });
    const { run_id } = await client.call("agent.run", { message: "demo exec" });
    const waiting = [
      client.call("runs.wait", { run_id, timeout_ms: 60_000 }),
      client.call("runs.wait", { run_id, timeout_ms: 60_000 }),
    ];
    cut();
    expect(await Promise.all(waiting.map(reasonOf))).toEqual(["cancelled", "cancelled"]);
    expect(await reasonOf(client.call("rpc.ping", {}))).toBe("cancelled");
    expect(await reasonOf(client.subscribe("**", () => undefined))).toBe("cancelled");
  });

  test("a client that is disposed cancels what it waits for and stays away", async () => {
    await using app = await testApp();
    const states: ClientState[] = [];
    const opened = line(() => app.url);
    const client = await connect({
      ...hello,
      open: opened.open,
      credentials: () => ({ token: app.token }),
      reconnect: true,
      onState: (state) => states.push(state),
    });
    const { run_id } = await client.call("agent.run", { message: "demo exec" });
    const waiting = client.call("runs.wait", { run_id, timeout_ms: 60_000 });
    client[Symbol.dispose]();
    expect(await reasonOf(waiting)).toBe("cancelled");
    expect(states.map(({ kind }) => kind)).toEqual(["connected"]);
    expect(opened.count).toBe(1);
  });
});

describe("subscribe", () => {
  test("gives what matches, once for each listener, until it is disposed", async () => {
    await using server = await testGateway();
    using client = await connect({
      ...hello,
      open: line(() => server.url).open,
      credentials: () => ({ token: TOKEN }),
    });
    const seen: Record<string, number[]> = { all: [], sessions: [], same: [] };
    await client.subscribe("**", ({ seq }) => seen.all!.push(seq));
    const sessions = await client.subscribe("session.*", ({ seq }) => seen.sessions!.push(seq));
    const same = await client.subscribe("session.*", ({ seq }) => seen.same!.push(seq));
    publish(server, 2);
    server.bus.publish("config.changed", { sections: [] });
    await until(() => seen.all!.length === 3);
    same[Symbol.dispose]();
    publish(server, 1);
    await until(() => seen.sessions!.length === 3);
    sessions[Symbol.dispose]();
    publish(server, 1);
    await until(() => seen.all!.length === 5);
    expect(seen).toEqual({ all: [1, 2, 3, 4, 5], sessions: [1, 2, 4], same: [1, 2] });
  });

  test("a listener with afterSeq gets its replay in order although others hear live events meanwhile", async () => {
    await using server = await testGateway();
    using client = await connect({
      ...hello,
      open: line(() => server.url).open,
      credentials: () => ({ token: TOKEN }),
    });
    publish(server, 20);
    const live: number[] = [];
    const late: number[] = [];
    await client.subscribe("**", ({ seq }) => live.push(seq));
    const subscribing = client.subscribe("**", ({ seq }) => late.push(seq), { afterSeq: 5 });
    publish(server, 5);
    await subscribing;
    publish(server, 5);
    await until(() => late.length === 25 && live.length === 10);
    expect(late).toEqual(range(6, 30));
    expect(live).toEqual(range(21, 30));
  });

  test("a listener that throws harms no other and not the connection", async () => {
    await using server = await testGateway();
    using client = await connect({
      ...hello,
      open: line(() => server.url).open,
      credentials: () => ({ token: TOKEN }),
    });
    const reported: unknown[] = [];
    const report = globalThis.reportError;
    globalThis.reportError = (error) => void reported.push(error);
    using stack = new DisposableStack();
    stack.defer(() => {
      globalThis.reportError = report;
    });
    const seen: number[] = [];
    await client.subscribe("**", () => {
      throw new Error("broken listener");
    });
    await client.subscribe("**", ({ seq }) => seen.push(seq));
    publish(server, 2);
    await until(() => seen.length === 2);
    expect(reported.map(String)).toEqual(["Error: broken listener", "Error: broken listener"]);
    expect(await client.call("rpc.ping", {})).toMatchObject({ pong: true });
  });

  test("says when events are gone", async () => {
    await using server = await testGateway();
    publish(server, 3);
    using client = await connect({
      ...hello,
      open: line(() => server.url).open,
      credentials: () => ({ token: TOKEN }),
    });
    let truncated = 0;
    const seen: number[] = [];
    await client.subscribe("**", ({ seq }) => seen.push(seq), { afterSeq: 1000, onTruncated: () => truncated++ });
    publish(server, 2);
    await until(() => seen.length === 2);
    expect({ truncated, seen }).toEqual({ truncated: 1, seen: [4, 5] });
  });
});

describe("reconnect", () => {
  async function open(url: () => string, states: ClientState[]): Promise<{ client: Client; cut: () => void }> {
    const { open, cut } = line(url);
    const client = await connect({
      ...hello,
      open,
      credentials: () => ({ token: TOKEN }),
      reconnect: true,
      onState: (state) => states.push(state),
    });
    return { client, cut };
  }

  test("after a cut line each listener goes on where it was: nothing twice, nothing missed", async () => {
    await using server = await testGateway();
    const states: ClientState[] = [];
    const { client, cut } = await open(() => server.url, states);
    using _client = client;
    const all: number[] = [];
    const replayed: number[] = [];
    publish(server, 5);
    await client.subscribe("**", ({ seq }) => all.push(seq));
    await client.subscribe("session.*", ({ seq }) => replayed.push(seq), { afterSeq: 2 });
    for (let round = 0; round < 5; round++) {
      publish(server, 3);
      cut();
      publish(server, 3);
      await until(() => states.filter(({ kind }) => kind === "connected").length === round + 2);
      publish(server, 1);
    }
    await until(() => all.at(-1) === 40 && replayed.at(-1) === 40);
    expect(all).toEqual(range(6, 40));
    expect(replayed).toEqual(range(3, 40));
    expect(states.map(({ kind }) => kind)).toEqual([
      "connected",
      ...Array.from({ length: 5 }, () => ["disconnected", "connected"]).flat(),
    ] as never);
    expect(states[1]).toEqual({
      kind: "disconnected",
      code: expect.any(Number),
      reason: expect.any(String),
      retryInMs: expect.any(Number),
    });
  }, 20_000);

  test("a line that goes right behind its answer counts as none, and is opened again once", async () => {
    await using server = await testGateway();
    const states: ClientState[] = [];
    const opened: Transport[] = [];
    let isFrail = false;
    using client = await connect({
      ...hello,
      credentials: () => ({ token: TOKEN }),
      reconnect: true,
      onState: (state) => states.push(state),
      async open() {
        const transport = await openWebSocket(`${server.url.replace("http", "ws")}/ws`);
        opened.push(transport);
        if (!isFrail) return transport;
        isFrail = false;
        const ended = Promise.withResolvers<{ code: number; reason: string }>();
        return {
          send: (frame) => transport.send(frame),
          close: () => transport.close(),
          closed: ended.promise,
          set onFrame(listener: (frame: string) => void) {
            transport.onFrame = (frame) => {
              // Before whoever waits for the answer has seen it.
              if (frame.includes('"result"')) ended.resolve({ code: 1006, reason: "" });
              listener(frame);
            };
          },
        } as Transport;
      },
    });
    isFrail = true;
    opened[0]!.close();
    await until(() => opened.length === 3 && states.at(-1)?.kind === "connected");
    await client.call("rpc.ping", {});
    expect([opened.length, states.map(({ kind }) => kind)]).toEqual([
      3,
      ["connected", "disconnected", "disconnected", "connected"] as never,
    ]);
    opened[1]!.close();
  });

  test("after a restart on the same port and home it goes on behind the last number", async () => {
    await using folder = await testFolder();
    const states: ClientState[] = [];
    const first = await testGateway({ home: folder.path });
    const { client } = await open(() => first.url, states);
    using _client = client;
    const seen: EventFrame[] = [];
    let truncated = 0;
    await client.subscribe("session.*", (event) => seen.push(event), { onTruncated: () => truncated++ });
    // Live on another topic only: the place in the line is kept for all.
    await client.subscribe("config.*", () => undefined, { onTruncated: () => truncated++ });
    publish(first, 4);
    await until(() => seen.length === 4);
    await first[Symbol.asyncDispose]();
    await until(() => states.at(-1)?.kind === "disconnected");
    expect(states.at(-1)).toMatchObject({ kind: "disconnected", code: 1012, reason: "server stops" });
    await using second = await testGateway({ home: folder.path, port: Number(new URL(first.url).port) });
    publish(second, 3);
    await until(() => states.at(-1)?.kind === "connected");
    publish(second, 3);
    await until(() => seen.length === 10);
    expect(seen.map(({ seq }) => seq)).toEqual(range(1, 10));
    expect(truncated).toBe(0);
    expect(seen.every((event) => isTopic(event, "session.updated") && event.data.session_key === SESSION)).toBe(true);
  }, 20_000);

  test("on another database it is told that events are gone, and hears what is new", async () => {
    await using old = await testGateway();
    await using other = await testGateway();
    publish(old, 500);
    let url = old.url;
    const states: ClientState[] = [];
    const { client, cut } = await open(() => url, states);
    using _client = client;
    const seen: number[] = [];
    let truncated = 0;
    await client.subscribe("**", ({ seq }) => seen.push(seq), { onTruncated: () => truncated++ });
    publish(old, 1);
    await until(() => seen.length === 1);
    url = other.url;
    cut();
    await until(() => states.filter(({ kind }) => kind === "connected").length === 2 && truncated === 1);
    publish(other, 2);
    await until(() => seen.length === 3);
    expect(seen).toEqual([501, 1, 2]);
  }, 20_000);

  test("credentials that are refused are the end of it", async () => {
    await using server = await testGateway();
    const states: ClientState[] = [];
    let token = TOKEN;
    const opened = line(() => server.url);
    using client = await connect({
      ...hello,
      open: opened.open,
      credentials: () => ({ token }),
      reconnect: true,
      onState: (state) => states.push(state),
    });
    token = "no longer valid";
    opened.cut();
    await until(() => states.at(-1)?.kind === "refused");
    expect(states.map(({ kind }) => kind)).toEqual(["connected", "disconnected", "refused"]);
    expect(states.at(-1)).toMatchObject({ error: { reason: "auth_failed" } });
    await until(() => server.gateway.connections === 0);
    expect(opened.count).toBe(2);
    expect(await reasonOf(client.call("rpc.ping", {}))).toBe("cancelled");
  }, 20_000);

  test("a server that is busy is tried again, not before it said", async () => {
    let now = 0;
    await using server = await testGateway({ monotonic: () => now });
    const states: ClientState[] = [];
    let token = TOKEN;
    const opened = line(() => server.url);
    using client = await connect({
      ...hello,
      open: opened.open,
      credentials: () => ({ token }),
      reconnect: true,
      onState: (state) => states.push(state),
    });
    // Somebody else at this address guesses.
    for (let index = 0; index < 5; index++) {
      expect(() => server.auth.authenticate({ token: "wrong" }, { address: "127.0.0.1", cookie: undefined })).toThrow();
    }
    token = TOKEN;
    opened.cut();
    await until(() => opened.count === 2);
    await until(() => states.filter(({ kind }) => kind === "disconnected").length === 2);
    expect(states.at(-1)).toMatchObject({ kind: "disconnected", code: 1005, retryInMs: 1000 });
    now = 1000;
    await until(() => states.at(-1)?.kind === "connected");
    expect(await client.call("rpc.ping", {})).toMatchObject({ pong: true });
  }, 20_000);

  test("a client that was not asked to comes back only when it is made anew", async () => {
    await using server = await testGateway();
    const states: ClientState[] = [];
    const opened = line(() => server.url);
    using _client = await connect({
      ...hello,
      open: opened.open,
      credentials: () => ({ token: TOKEN }),
      onState: (state) => states.push(state),
    });
    opened.cut();
    await until(() => states.at(-1)?.kind === "disconnected");
    expect(states.at(-1)).toMatchObject({ kind: "disconnected", retryInMs: undefined });
    expect(opened.count).toBe(1);
  });

  test("subscriptions that cannot be renewed are no connection: it is tried again", async () => {
    await using server = await testGateway({ rates: { read: 0, write: 0, run: 0 } });
    const states: ClientState[] = [];
    const { client, cut } = await open(() => server.url, states);
    using _client = client;
    const seen: number[] = [];
    await client.subscribe("**", ({ seq }) => seen.push(seq));
    await client.subscribe("config.*", () => undefined);
    publish(server, 1);
    await until(() => seen.length === 1);
    // The first one is let in again, the second is not.
    server.rates.read = 1;
    cut();
    publish(server, 1);
    await until(() => states.filter(({ kind }) => kind === "disconnected").length >= 2);
    server.rates.read = 0;
    publish(server, 1);
    await until(() => seen.length === 3);
    expect(seen).toEqual([1, 2, 3]);
  }, 20_000);
});
