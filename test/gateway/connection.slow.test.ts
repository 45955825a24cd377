/** A reader that stops reading: merged for, then closed; nobody else notices; nothing is missed after it came again. */
import { describe, expect, test } from "bun:test";
import { type Frame, openFrames, request } from "../support/frames.ts";
import { type TestGateway, TOKEN, testGateway } from "../support/gateway.ts";
import { openPausable, type PausedSocket } from "../support/paused-socket.ts";
import { until } from "../support/until.ts";

const SESSION = "agent:main:main";

function publishChunks({ bus }: Pick<TestGateway, "bus">, from: number, to: number, size = 1000): void {
  for (let index = from; index < to; index++) {
    const content = `${index};`.padEnd(size, ".");
    bus.publish("stream.chunk", { run_id: "run_1", session_key: SESSION, content, index }, { sessionKey: SESSION });
  }
}

function publishOthers({ bus }: Pick<TestGateway, "bus">, count: number): void {
  for (let index = 0; index < count; index++) {
    bus.publish("session.deleted", { session_key: `${index}${"x".repeat(1000)}` }, { sessionKey: SESSION });
  }
}

async function subscribePausable(server: TestGateway, afterSeq?: number): Promise<PausedSocket> {
  const socket = await openPausable(server.url);
  const params = { pattern: "**", ...(afterSeq === undefined ? {} : { after_seq: afterSeq }) };
  socket.send(JSON.stringify(request("connect", { auth: { token: TOKEN } }, 1)));
  socket.send(JSON.stringify(request("events.subscribe", params, 2)));
  await until(() => socket.texts.some((text) => text.includes('"id":2')));
  return socket;
}

const eventsOf = (texts: readonly string[]) =>
  texts.flatMap((text) => {
    const { params } = JSON.parse(text) as Frame;
    return params && params.seq > 0 ? [params] : [];
  });

const textOf = (texts: readonly string[]) =>
  eventsOf(texts)
    .map(({ data }) => data.content as string)
    .join("");

const wholeText = (count: number, size = 1000) =>
  Array.from({ length: count }, (_, index) => `${index};`.padEnd(size, ".")).join("");

describe("a reader that stops reading", () => {
  test("gets its chunks merged, and all of their text in order, when it reads again", async () => {
    await using server = await testGateway({ settings: { max_buffered: 8 * 1024 * 1024 } });
    using socket = await subscribePausable(server);
    socket.pause();
    publishChunks(server, 0, 8000);
    socket.resume();
    await until(() => eventsOf(socket.texts).at(-1)?.seq === 8000);
    const events = eventsOf(socket.texts);
    expect(events.length).toBeLessThan(6500);
    expect(textOf(socket.texts) === wholeText(8000)).toBe(true);
    const seqs = events.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  });

  test("is closed with 4008 past max_buffered and misses nothing when it comes again", async () => {
    await using server = await testGateway({ settings: { max_buffered: 256 * 1024 } });
    using socket = await subscribePausable(server);
    socket.pause();
    let published = 0;
    while (server.gateway.connections > 0) {
      publishChunks(server, published, published + 100);
      published += 100;
      await new Promise((resolve) => setImmediate(resolve));
      expect(published).toBeLessThan(20_000);
    }
    socket.resume();
    await until(() => socket.closeFrame);
    expect(socket.closeFrame).toEqual({ code: 4008, reason: "slow consumer" });
    const seen = eventsOf(socket.texts).at(-1)?.seq ?? 0;
    expect(seen).toBeLessThan(published);
    using again = await subscribePausable(server, seen);
    await until(() => eventsOf(again.texts).at(-1)?.seq === published);
    expect(textOf([...socket.texts, ...again.texts]) === wholeText(published)).toBe(true);
  });

  test("replays at its own pace: what is still to come does not count against it", async () => {
    await using server = await testGateway({ settings: { max_buffered: 64 * 1024 } });
    publishOthers(server, 12_000);
    using socket = await subscribePausable(server, 0);
    socket.pause();
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    publishOthers(server, 1000);
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(server.gateway.connections).toBe(1);
    socket.resume();
    await until(() => eventsOf(socket.texts).length >= 13_000);
    expect(eventsOf(socket.texts).map(({ seq }) => seq)).toEqual(
      Array.from({ length: 13_000 }, (_, index) => index + 1),
    );
  });

  test("is closed rather than skipped over, when what it still has to read is deleted", async () => {
    await using server = await testGateway({ settings: { max_buffered: 64 * 1024 } });
    publishOthers(server, 12_000);
    using socket = await subscribePausable(server, 0);
    socket.pause();
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    publishOthers(server, 60_000);
    socket.resume();
    await until(() => socket.closeFrame);
    expect(socket.closeFrame).toEqual({ code: 4008, reason: "slow consumer" });
    const seqs = eventsOf(socket.texts).map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => index + 1));
  }, 20_000);

  test("is not noticed by two hundred others, who get every event as it is published", async () => {
    await using server = await testGateway({ settings: { max_buffered: 64 * 1024 } });
    using stuck = await subscribePausable(server);
    stuck.pause();
    const healthy = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const socket = await openFrames(server.url, { token: TOKEN });
        await socket.ask(request("events.subscribe", { pattern: "stream.*" }, 1));
        return socket;
      }),
    );
    const late: number[] = [];
    for (let round = 0; round < 40; round++) {
      // For the stuck one alone, until it is too much; for all others a few chunks.
      for (let index = 0; index < 10; index++) {
        server.bus.publish("session.deleted", { session_key: "x".repeat(20_000) }, { sessionKey: SESSION });
      }
      const began = performance.now();
      publishChunks(server, round * 5, round * 5 + 5);
      const { seq } = server.bus;
      await until(() => healthy.every(({ received }) => received.at(-1)?.params?.seq === seq));
      late.push(performance.now() - began);
    }
    expect(server.gateway.connections).toBe(200);
    for (const socket of healthy) {
      const chunks = socket.received.filter(({ params }) => params?.topic === "stream.chunk");
      expect(chunks.map(({ params }) => params!.data.content).join("") === wholeText(200)).toBe(true);
      socket[Symbol.dispose]();
    }
    expect(Math.max(...late)).toBeLessThan(5000);
    stuck.resume();
    await until(() => stuck.closeFrame);
    expect(stuck.closeFrame).toEqual({ code: 4008, reason: "slow consumer" });
  }, 30_000);

  test("costs the server no more than what it may", async () => {
    await using server = await testGateway({ settings: { max_buffered: 256 * 1024 } });
    using socket = await subscribePausable(server);
    socket.pause();
    Bun.gc(true);
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 50; round++) {
      publishChunks(server, round * 1000, round * 1000 + 1000, 200);
      await new Promise((resolve) => setImmediate(resolve));
    }
    Bun.gc(true);
    // Events in memory for replay are limited to some 16 MiB; the rest is slack.
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });
});
