/** Events over a connection: patterns, replay behind a number, order under every interleaving. */
import { describe, expect, spyOn, test } from "bun:test";
import * as fc from "fast-check";
import { openBus } from "../../src/bus/bus.ts";
import { GatewayConnection } from "../../src/gateway/connection.ts";
import type { Dispatch } from "../../src/gateway/dispatch.ts";
import { compileGlob } from "../../src/lib/glob.ts";
import { OWNER_GRANT } from "../../src/protocol/identity.ts";
import type { Rights } from "../../src/sdk/connection.ts";
import { openStore } from "../../src/store/store.ts";
import { testFolder } from "../support/folder.ts";
import { type Frame, openFrames, request } from "../support/frames.ts";
import { type TestGateway, TOKEN, testGateway } from "../support/gateway.ts";
import { testLog } from "../support/log.ts";
import { until } from "../support/until.ts";

const SESSION = "agent:main:main";

function publish({ bus }: Pick<TestGateway, "bus">, count: number): void {
  for (let index = 0; index < count; index++) {
    bus.publish(
      "session.updated",
      { session_key: SESSION, title: `t${bus.seq}`, updated_at: 1 },
      { sessionKey: SESSION },
    );
  }
}

const seqsOf = (frames: readonly Frame[]) =>
  frames.filter(({ method, params }) => method === "event" && params!.seq > 0).map(({ params }) => params!.seq);

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("subscribe", () => {
  test("live events come from the answer on, those that match and no others", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    publish(server, 3);
    expect(await socket.ask(request("events.subscribe", { pattern: "session.*" }, 1))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: { pattern: "session.*", seq: 3 },
    });
    publish(server, 1);
    server.bus.publish("config.changed", { sections: ["models"] });
    publish(server, 1);
    await until(() => seqsOf(socket.received).length === 2);
    expect(socket.received.filter(({ params }) => params?.topic !== "connect.challenge").slice(2)).toEqual([
      {
        jsonrpc: "2.0",
        method: "event",
        params: {
          topic: "session.updated",
          seq: 4,
          ts: expect.any(Number),
          data: { session_key: SESSION, title: "t3", updated_at: 1 },
        },
      },
      {
        jsonrpc: "2.0",
        method: "event",
        params: {
          topic: "session.updated",
          seq: 6,
          ts: expect.any(Number),
          data: { session_key: SESSION, title: "t5", updated_at: 1 },
        },
      },
    ] as never);
  });

  test("an event that matches several patterns comes once", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    for (const pattern of ["**", "session.*", "session.updated", "*.updated"]) {
      await socket.ask(request("events.subscribe", { pattern }, 1));
    }
    publish(server, 5);
    await until(() => seqsOf(socket.received).includes(5));
    expect(seqsOf(socket.received)).toEqual([1, 2, 3, 4, 5]);
  });

  test("after_seq brings the kept events first, also those that came over another pattern before", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    publish(server, 10);
    await socket.ask(request("events.subscribe", { pattern: "**" }, 1));
    publish(server, 10);
    await until(() => seqsOf(socket.received).length === 10);
    expect(await socket.ask(request("events.subscribe", { pattern: "session.*", after_seq: 5 }, 2))).toMatchObject({
      result: { pattern: "session.*", seq: 20 },
    });
    publish(server, 2);
    await until(() => seqsOf(socket.received).includes(22));
    expect(seqsOf(socket.received)).toEqual([...range(11, 20), ...range(6, 22)]);
  });

  test("more than memory holds is read from disk, in order, while more is published", async () => {
    await using server = await testGateway();
    publish(server, 10_000);
    using socket = await openFrames(server.url, { token: TOKEN });
    await socket.ask(request("events.subscribe", { pattern: "**", after_seq: 0 }, 1));
    for (let round = 0; round < 20; round++) {
      publish(server, 50);
      await socket.ask(request("rpc.ping", {}, 2));
    }
    await until(() => seqsOf(socket.received).length >= 11_000);
    expect(seqsOf(socket.received)).toEqual(range(1, 11_000));
  });

  test("when events are gone the answer says so, and what is kept comes", async () => {
    await using folder = await testFolder();
    {
      await using first = await testGateway({ home: folder.path });
      publish(first, 5);
    }
    // As after a crash: numbers go on behind those that may have been shown.
    const { log } = testLog();
    await using store = openStore(`${folder.path}/aleph.db`, { log });
    store.db.run("UPDATE meta SET value = '0' WHERE name = 'bus_stopped_at'");
    await store[Symbol.asyncDispose]();
    await using server = await testGateway({ home: folder.path });
    using socket = await openFrames(server.url, { token: TOKEN });
    const { seq, oldestSeq } = server.bus;
    expect(seq).toBeGreaterThan(5);
    publish(server, 2);
    expect(await socket.ask(request("events.subscribe", { pattern: "**", after_seq: 5 }, 1))).toEqual({
      jsonrpc: "2.0",
      id: 1,
      result: { pattern: "**", seq: seq + 2, truncated: true, oldest_seq: oldestSeq },
    });
    await until(() => seqsOf(socket.received).length === 2);
    expect(seqsOf(socket.received)).toEqual([seq + 1, seq + 2]);
  });

  test("a number beyond the newest is one of another database: truncated, and live from here", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    publish(server, 3);
    expect(await socket.ask(request("events.subscribe", { pattern: "**", after_seq: 1000 }, 1))).toMatchObject({
      result: { seq: 3, truncated: true, oldest_seq: 1 },
    });
    publish(server, 2);
    await until(() => seqsOf(socket.received).length === 2);
    expect(seqsOf(socket.received)).toEqual([4, 5]);
  });

  test("replay goes on across a restart of the server", async () => {
    await using folder = await testFolder();
    {
      await using first = await testGateway({ home: folder.path });
      publish(first, 7);
    }
    await using second = await testGateway({ home: folder.path });
    publish(second, 3);
    using socket = await openFrames(second.url, { token: TOKEN });
    await socket.ask(request("events.subscribe", { pattern: "**", after_seq: 4 }, 1));
    await until(() => seqsOf(socket.received).length === 6);
    expect(seqsOf(socket.received)).toEqual(range(5, 10));
  });

  test("unsubscribe ends it, once; what there is not cannot be ended", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    await socket.ask(request("events.subscribe", { pattern: "session.*" }, 1));
    await socket.ask(request("events.subscribe", { pattern: "config.*" }, 1));
    expect(await socket.ask(request("events.unsubscribe", { pattern: "session.*" }, 2))).toMatchObject({
      result: { pattern: "session.*" },
    });
    expect(await socket.ask(request("events.unsubscribe", { pattern: "session.*" }, 3))).toMatchObject({
      error: { code: -32003, data: { reason: "not_found" } },
    });
    publish(server, 1);
    server.bus.publish("config.changed", { sections: [] });
    await until(() => seqsOf(socket.received).length === 1);
    expect(seqsOf(socket.received)).toEqual([2]);
  });

  test("a hundred and one patterns are one too many", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    for (let index = 0; index < 100; index++) {
      await socket.ask(request("events.subscribe", { pattern: `a${index}.*` }, 1));
    }
    expect(await socket.ask(request("events.subscribe", { pattern: "one.more" }, 1))).toMatchObject({
      error: { code: -32008, data: { reason: "overloaded", hint: "Use wider patterns, such as stream.*" } },
    });
    expect(await socket.ask(request("events.subscribe", { pattern: "a1.*", after_seq: 0 }, 1))).toMatchObject({
      result: { pattern: "a1.*" },
    });
  });

  test("a hostile pattern costs nothing", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    await socket.ask(request("events.subscribe", { pattern: `${"**.*.".repeat(50)}z` }, 1));
    const began = performance.now();
    publish(server, 1000);
    expect(await socket.ask(request("rpc.ping", {}, 1))).toMatchObject({ result: { pong: true } });
    expect(performance.now() - began).toBeLessThan(1000);
    expect(await socket.ask(request("events.subscribe", { pattern: "*".repeat(257) }, 1))).toMatchObject({
      error: { code: -32602 },
    });
  });

  test("who may see nothing gets nothing, and a connection whose credential ended no more", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    await socket.ask(request("events.subscribe", { pattern: "**" }, 1));
    server.gateway.revoke(
      server.auth.authenticate({ token: TOKEN }, { address: "x", cookie: undefined }).credentials[0]!,
    );
    publish(server, 3);
    await socket.closed;
    expect(seqsOf(socket.received)).toEqual([]);
  });

  test("a replay that fails closes the connection, and the log says why", async () => {
    await using server = await testGateway();
    using socket = await openFrames(server.url, { token: TOKEN });
    publish(server, 20_000);
    server.store.db.run("ALTER TABLE event RENAME TO lost");
    await socket.ask(request("events.subscribe", { pattern: "**", after_seq: 0 }, 1));
    expect(await socket.closed).toEqual({ code: 1011, reason: "replay failed" });
    expect(server.logs.map(({ message }) => message)).toContain("events cannot be replayed");
  });
});

type Step =
  | {
      readonly kind: "publish";
      readonly topic: "config.changed" | "session.deleted" | "system.shutdown";
      readonly count: number;
    }
  | { readonly kind: "subscribe"; readonly pattern: string; readonly back: number | undefined }
  | { readonly kind: "unsubscribe"; readonly pattern: string }
  | { readonly kind: "turn" }
  | { readonly kind: "block" }
  | { readonly kind: "drain" };

const PATTERNS = ["**", "session.*", "config.*", "*.changed", "system.shutdown"];
const TOPICS = ["config.changed", "session.deleted", "system.shutdown"] as const;
const DATA = {
  "config.changed": { sections: [] },
  "session.deleted": { session_key: SESSION },
  "system.shutdown": { reason: "" },
};

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      topic: fc.constantFrom(...TOPICS),
      count: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("subscribe" as const),
      pattern: fc.constantFrom(...PATTERNS),
      back: fc.option(fc.integer({ min: 0, max: 80 }), { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("unsubscribe" as const), pattern: fc.constantFrom(...PATTERNS) }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: "turn" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "block" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "drain" as const }) },
);

describe("rights", () => {
  async function open(rights: Rights) {
    const { log } = testLog();
    const store = openStore(":memory:", { log });
    const bus = openBus({ store, log, now: () => 0 });
    await bus.start();
    const sent: Frame[] = [];
    const connection = new GatewayConnection({
      id: "c1",
      host: "",
      address: "",
      cookie: undefined,
      origin: undefined,
      isForeign: false,
      sink: { send: (frame) => sent.push(JSON.parse(frame)) > 0, buffered: () => 0, close: () => undefined },
      bus,
      dispatch: () => "answered",
      log,
      now: () => 0,
      handshakeMs: 1000,
      maxPayload: () => 1000,
      maxBuffered: () => 1000,
      rights,
      signal: new AbortController().signal,
    });
    const settle = async () => {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    };
    return { bus, connection, sent, settle };
  }

  test("a guest's replay is of what memory holds, says so when that is not all, and asks nothing of the disk", async () => {
    const sessionKey = "agent:main:ephemeral:inv_1";
    const grant = { identity: { id: "inv_1", kind: "guest" }, role: "guest", scopes: ["read"] } as const;
    const { bus, connection, sent, settle } = await open({
      grant: { ...grant, guest: { sessionKey, tools: [] } },
      credentials: [],
    });
    const own = () => bus.publish("session.deleted", { session_key: sessionKey }, { sessionKey });
    own();
    publish({ bus }, 10_000);
    const last = own();
    const said = connection.subscribe("**", 0);
    expect(said).toEqual({ truncated: true, oldest_seq: bus.oldestInMemory, seq: last });
    expect(said.oldest_seq).toBeGreaterThan(bus.oldestSeq);
    const read = spyOn(bus, "read");
    while (sent.length === 0) await settle();
    expect(seqsOf(sent)).toEqual([last]);
    expect(Math.min(...read.mock.calls.map(([after]) => after))).toBe(said.oldest_seq - 1);
    expect(connection.subscribe("**", said.oldest_seq - 1).truncated).toBe(false);
  });

  test.each(["guest", "node"] as const)("a %s sees no event, neither live nor replayed", async (role) => {
    const grant = { identity: { id: "x", kind: role }, role, scopes: ["read"] as const };
    const { bus, connection, sent, settle } = await open({ grant, credentials: [] });
    publish({ bus }, 3);
    connection.subscribe("**", 0);
    await settle();
    publish({ bus }, 3);
    await settle();
    expect(sent).toEqual([]);
  });

  test("nothing more goes out after a credential has ended, even if the socket is slow to close", async () => {
    const { bus, connection, sent, settle } = await open({ grant: OWNER_GRANT, credentials: ["mine"] });
    connection.subscribe("**");
    await settle();
    publish({ bus }, 1);
    connection.revoke("mine");
    publish({ bus }, 1);
    connection.subscribe("*", 0);
    await settle();
    expect(seqsOf(sent)).toEqual([1]);
    expect(connection.grant).toBeUndefined();
  });
});

describe("subscribe under every interleaving", () => {
  test("from each answer on, what matches comes in order, without a gap and once", async () => {
    const { log } = testLog();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        await using store = openStore(":memory:", { log });
        await using bus = openBus({ store, log, now: () => 0 });
        await bus.start();
        const topics: string[] = [];
        /** What was sent, with the marks of when a subscription began and ended. */
        const line: ({ seq: number } | { began: number } | { ended: number })[] = [];
        let isBlocked = false;
        const none: Dispatch = () => undefined;
        const connection = new GatewayConnection({
          id: "c1",
          host: "",
          address: "",
          cookie: undefined,
          origin: undefined,
          isForeign: false,
          sink: {
            send(frame) {
              line.push({ seq: (JSON.parse(frame) as Frame).params!.seq });
              return !isBlocked;
            },
            buffered: () => (isBlocked ? 1_000_000 : 0),
            close: (code) => expect(code).toBeUndefined(),
          },
          bus,
          dispatch: none,
          log,
          now: () => 0,
          handshakeMs: 1000,
          maxPayload: () => 1_000_000,
          maxBuffered: () => 1_000_000_000,
          rights: { grant: OWNER_GRANT, credentials: [] },
          signal: new AbortController().signal,
        });
        const subscriptions: { pattern: string; from: number; id: number }[] = [];
        const live = new Map<string, number>();
        for (const step of steps) {
          if (step.kind === "publish") {
            for (let index = 0; index < step.count; index++) {
              topics.push(step.topic);
              bus.publish(step.topic, DATA[step.topic]);
            }
          } else if (step.kind === "subscribe") {
            const afterSeq = step.back === undefined ? undefined : Math.max(0, bus.seq - step.back);
            connection.subscribe(step.pattern, afterSeq);
            const id =
              subscriptions.push({ pattern: step.pattern, from: afterSeq ?? bus.seq, id: subscriptions.length }) - 1;
            line.push({ began: id });
            live.set(step.pattern, id);
          } else if (step.kind === "unsubscribe") {
            if (connection.unsubscribe(step.pattern)) {
              for (const { pattern, id } of subscriptions) if (pattern === step.pattern) line.push({ ended: id });
              live.delete(step.pattern);
            }
          } else if (step.kind === "turn") {
            await new Promise((resolve) => setImmediate(resolve));
          } else {
            isBlocked = step.kind === "block";
            if (!isBlocked) connection.drain();
          }
        }
        isBlocked = false;
        for (let turn = 0; turn < 20; turn++) {
          connection.drain();
          await new Promise((resolve) => setImmediate(resolve));
        }
        for (const { pattern, from, id } of subscriptions) {
          const began = line.findIndex((item) => "began" in item && item.began === id);
          const ended = line.findIndex((item, index) => index > began && "ended" in item && item.ended === id);
          const matches = compileGlob(pattern);
          const got = line
            .slice(began, ended < 0 ? undefined : ended)
            .flatMap((item) => ("seq" in item && item.seq > from && matches(topics[item.seq - 1]!) ? [item.seq] : []));
          const wanted = range(from + 1, topics.length).filter((seq) => matches(topics[seq - 1]!));
          // As a client sees it: in order, each once; one that comes again because another subscription asked is skipped.
          const heard = got.filter((seq, index) => got.slice(0, index).every((before) => before < seq));
          expect(heard).toEqual(ended < 0 ? wanted : wanted.slice(0, heard.length));
        }
        connection.end();
      }),
      {
        numRuns: 300,
        examples: [
          [
            // Newer events waited for a slow reader when the replay of older ones began.
            [
              { kind: "block" },
              { kind: "subscribe", pattern: "**", back: undefined },
              { kind: "turn" },
              { kind: "publish", topic: "config.changed", count: 2 },
              { kind: "subscribe", pattern: "**", back: 2 },
            ],
          ],
        ],
      },
    );
  });

  test("without overlapping replays nothing is sent twice", async () => {
    await using server = await testGateway();
    publish(server, 500);
    using socket = await openFrames(server.url, { token: TOKEN });
    socket.send(JSON.stringify(request("events.subscribe", { pattern: "**", after_seq: 0 }, 1)));
    for (let round = 0; round < 50; round++) {
      publish(server, 7);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => seqsOf(socket.received).length >= 850);
    expect(seqsOf(socket.received)).toEqual(range(1, 850));
  });
});
