import { describe, expect, test } from "bun:test";
import { Outbox, type Sink } from "../../src/gateway/outbox.ts";
import { type EventData, type EventFrame, frameOf, type Topic } from "../../src/protocol/event-frame.ts";

/** A socket whose system buffer a test fills and empties. */
function openSink() {
  const sent: unknown[] = [];
  const closed: { code: number; reason: string }[] = [];
  const sink: Sink & { full: boolean } = {
    full: false,
    send(frame) {
      sent.push(JSON.parse(frame));
      return !sink.full;
    },
    buffered: () => (sink.full ? 1_000_000 : 0),
    close: (code, reason) => void closed.push({ code, reason }),
  };
  return { sink, sent, closed };
}

let seq = 0;

function event<T extends Topic>(topic: T, data: EventData<T>) {
  const event: EventFrame = { topic, seq: ++seq, ts: 1, data };
  return { event, sessionKey: undefined, frame: frameOf(event) };
}

const chunk = (run: string, index: number, content: string) =>
  event("stream.chunk", { run_id: run, session_key: "agent:main:main", content, index });

const short = (frames: readonly unknown[]) =>
  (
    frames as {
      id?: number;
      params?: { topic: string; seq: number; data: { content?: string; index?: number; run_id?: string } };
    }[]
  ).map(({ id, params }) => (params ? [params.topic, params.data.run_id, params.data.index, params.data.content] : id));

/** An outbox whose reader has stopped: the first frame filled the system's buffer. */
function stuck(maxBuffered = 1_000_000) {
  const { sink, sent, closed } = openSink();
  const outbox = new Outbox(sink, () => maxBuffered);
  sink.full = true;
  outbox.send('{"id":0}');
  sent.length = 0;
  const read = () => {
    sink.full = false;
    outbox.drain();
  };
  return { sink, sent, closed, outbox, read };
}

describe("Outbox", () => {
  test("passes on at once while the reader reads", () => {
    const { sink, sent } = openSink();
    const outbox = new Outbox(sink, () => 10);
    outbox.send('{"id":1}');
    outbox.sendEvent(chunk("a", 0, "x"));
    outbox.sendEvent(chunk("a", 1, "y"));
    expect(short(sent)).toEqual([1, ["stream.chunk", "a", 0, "x"], ["stream.chunk", "a", 1, "y"]]);
    expect(outbox.isReady).toBe(true);
  });

  test("keeps the order of what waits", () => {
    const { sent, outbox, read } = stuck();
    outbox.send('{"id":1}');
    outbox.sendEvent(chunk("a", 0, "x"));
    outbox.send('{"id":2}');
    outbox.sendEvent(chunk("a", 1, "y"));
    expect(sent).toEqual([]);
    read();
    expect(short(sent)).toEqual([1, ["stream.chunk", "a", 0, "x"], 2, ["stream.chunk", "a", 1, "y"]]);
  });

  test("merges adjacent chunks of one run: the first one's index, the last one's number and time", () => {
    const { sent, outbox, read } = stuck();
    const first = seq + 1;
    for (let index = 0; index < 5; index++) outbox.sendEvent(chunk("a", index, `${index}ü`));
    read();
    expect(sent).toEqual([
      {
        jsonrpc: "2.0",
        method: "event",
        params: {
          topic: "stream.chunk",
          seq: first + 4,
          ts: 1,
          data: { run_id: "a", session_key: "agent:main:main", content: "0ü1ü2ü3ü4ü", index: 0 },
        },
      },
    ]);
  });

  test("merges neither over another event nor over runs nor over topics", () => {
    const { sent, outbox, read } = stuck();
    outbox.sendEvent(chunk("a", 0, "1"));
    outbox.sendEvent(chunk("b", 0, "2"));
    outbox.sendEvent(chunk("a", 1, "3"));
    outbox.sendEvent(event("stream.thinking", { run_id: "a", session_key: "s", content: "4", index: 0 }));
    outbox.sendEvent(event("stream.thinking", { run_id: "a", session_key: "s", content: "5", index: 1 }));
    outbox.sendEvent(event("agent.cancelled", { run_id: "a", session_key: "s" }));
    outbox.sendEvent(chunk("a", 2, "6"));
    read();
    expect(short(sent)).toEqual([
      ["stream.chunk", "a", 0, "1"],
      ["stream.chunk", "b", 0, "2"],
      ["stream.chunk", "a", 1, "3"],
      ["stream.thinking", "a", 0, "45"],
      ["agent.cancelled", "a", undefined, undefined],
      ["stream.chunk", "a", 2, "6"],
    ]);
  });

  test("stops again when the system's buffer is full again", () => {
    const { sink, sent, outbox } = stuck();
    for (let id = 1; id <= 3; id++) outbox.send(`{"id":${id}}`);
    const send = sink.send;
    sink.send = (frame) => {
      const passed = send(frame);
      sink.full = true;
      return passed && sent.length < 2;
    };
    sink.full = false;
    outbox.drain();
    expect(short(sent)).toEqual([1, 2]);
    outbox.drain();
    expect(short(sent)).toEqual([1, 2]);
    sink.full = false;
    sink.send = send;
    outbox.drain();
    expect(short(sent)).toEqual([1, 2, 3]);
  });

  test("closes with 4008 when more events wait than may, and sends nothing more", () => {
    const { sent, closed, outbox, read } = stuck(1000);
    outbox.sendEvent(event("session.deleted", { session_key: "x".repeat(350) }));
    outbox.sendEvent(event("session.deleted", { session_key: "x".repeat(350) }));
    expect(closed).toEqual([]);
    outbox.sendEvent(event("session.deleted", { session_key: "x".repeat(350) }));
    expect(closed).toEqual([{ code: 4008, reason: "slow consumer" }]);
    outbox.send('{"id":1}');
    outbox.sendEvent(chunk("a", 0, "x"));
    read();
    expect({ sent, closed: closed.length }).toEqual({ sent: [], closed: 1 });
  });

  test("counts bytes, not characters, also of merged chunks", () => {
    const { closed, outbox } = stuck(3000);
    for (let index = 0; index < 10 && closed.length === 0; index++)
      outbox.sendEvent(chunk("a", index, "語".repeat(150)));
    expect(closed).toEqual([{ code: 4008, reason: "slow consumer" }]);
    const fits = stuck(6000);
    for (let index = 0; index < 10; index++) fits.outbox.sendEvent(chunk("a", index, "語".repeat(150)));
    expect(fits.closed).toEqual([]);
  });

  test("takes one event that is larger than the limit, but nothing behind it", () => {
    const { sent, closed, outbox, read } = stuck(100);
    outbox.sendEvent(event("session.deleted", { session_key: "x".repeat(4000) }));
    expect(closed).toEqual([]);
    read();
    expect(sent).toHaveLength(1);
    const other = stuck(100);
    other.outbox.sendEvent(event("session.deleted", { session_key: "x".repeat(4000) }));
    other.outbox.sendEvent(event("session.deleted", { session_key: "x" }));
    expect(other.closed).toEqual([{ code: 4008, reason: "slow consumer" }]);
  });

  test("answers do not count as events: whoever asks for much at once gets it", () => {
    const { sent, closed, outbox, read } = stuck(1000);
    for (let id = 1; id <= 10; id++) outbox.send(JSON.stringify({ id, result: "x".repeat(100_000) }));
    outbox.sendEvent(chunk("a", 0, "x"));
    expect(closed).toEqual([]);
    read();
    expect(short(sent)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ["stream.chunk", "a", 0, "x"]]);
    const other = stuck(1000);
    const large = JSON.stringify({ id: 1, result: "x".repeat(16 * 1024 * 1024) });
    for (let id = 0; id < 5; id++) other.outbox.send(large);
    expect(other.closed).toEqual([{ code: 4008, reason: "slow consumer" }]);
  });

  test("room is made by what was read", () => {
    const { sink, closed, outbox } = stuck(1000);
    for (let round = 0; round < 10; round++) {
      outbox.sendEvent(event("session.deleted", { session_key: "x".repeat(300) }));
      outbox.sendEvent(event("session.deleted", { session_key: "x".repeat(300) }));
      sink.full = false;
      outbox.drain();
      sink.full = true;
      outbox.send('{"id":1}');
    }
    expect(closed).toEqual([]);
  });

  test("ready waits for the reader, and no longer when the connection has ended", async () => {
    const { outbox, read } = stuck();
    outbox.send('{"id":1}');
    let isReady = false;
    const ready = outbox.ready().then(() => {
      isReady = true;
    });
    await Promise.resolve();
    expect(isReady).toBe(false);
    read();
    await ready;
    const other = stuck();
    const ended = other.outbox.ready();
    other.outbox.close();
    await ended;
    await other.outbox.ready();
  });

  test("merging two hundred thousand chunks takes time in proportion", () => {
    const { sent, outbox, read } = stuck(1_000_000_000);
    const began = performance.now();
    for (let index = 0; index < 200_000; index++) outbox.sendEvent(chunk("a", index, "some words "));
    read();
    expect(sent).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
