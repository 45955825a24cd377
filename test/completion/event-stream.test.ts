import { expect, test } from "bun:test";
import { type EventSource, eventStream, type OpenedSource } from "../../src/completion/event-stream.ts";
import type { Deadlines } from "../../src/lib/deadlines.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { until } from "../support/until.ts";

/** Deadlines that end when they are told to. */
function manual() {
  const waiting = new Set<{ readonly ms: number; readonly onLate: () => void }>();
  const deadlines: Deadlines = {
    add(ms, onLate) {
      const one = { ms, onLate };
      waiting.add(one);
      return { [Symbol.dispose]: () => void waiting.delete(one) };
    },
  };
  return {
    deadlines,
    waiting,
    pass() {
      for (const one of [...waiting]) {
        waiting.delete(one);
        one.onLate();
      }
    },
  };
}

const options = (deadlines: Deadlines) => ({
  signal: new AbortController().signal,
  deadlines,
  fail: (error: AlephError) => `data: ${error.message}\n\n`,
});

/** A source that gives these pieces, then ends. */
function sourceOf(...pieces: string[]): OpenedSource & { readonly closed: string[] } {
  const closed: string[] = [];
  const source: EventSource = { next: async () => pieces.shift(), close: (how) => void closed.push(how) };
  return { first: pieces.shift()!, source, closed };
}

test("eventStream answers with the first piece, and watches nothing when it has ended", async () => {
  const clock = manual();
  const opened = sourceOf("data: 1\n\n", "data: 2\n\n");
  const response = await eventStream(Promise.resolve(opened), options(clock.deadlines));
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  expect(await response.text()).toBe("data: 1\n\ndata: 2\n\n");
  expect([opened.closed, clock.waiting.size]).toEqual([["sent"], 0]);
});

test("eventStream begins with a ping when nothing has come for five seconds, and goes on with what comes", async () => {
  const clock = manual();
  const opening = Promise.withResolvers<OpenedSource>();
  const answer = eventStream(opening.promise, options(clock.deadlines));
  expect([...clock.waiting].map(({ ms }) => ms)).toEqual([5_000]);
  clock.pass();
  const reader = (await answer).body!.getReader();
  const read = async () => new TextDecoder().decode((await reader.read()).value);
  expect(await read()).toBe(": ping\n\n");
  opening.resolve(sourceOf("data: 1\n\n"));
  expect(await read()).toBe("data: 1\n\n");
  expect((await reader.read()).done).toBe(true);
});

test("eventStream throws what comes in place of a first piece, and tells in the stream what comes behind a ping", async () => {
  const clock = manual();
  const failure = new AlephError("no_provider", "Nobody answers");
  const early = eventStream(Promise.reject(failure), options(clock.deadlines)).catch((thrown: unknown) => thrown);
  expect(await early).toBe(failure);
  expect(clock.waiting.size).toBe(0);
  const opening = Promise.withResolvers<OpenedSource>();
  const late = eventStream(opening.promise, options(clock.deadlines));
  clock.pass();
  const response = await late;
  opening.reject(failure);
  expect(await response.text()).toBe(": ping\n\ndata: Nobody answers\n\n");
});

test.each(["there already", "still to come"])(
  "eventStream closes a source that is %s when the client has gone before the answer",
  async (which) => {
    const clock = manual();
    const opened = sourceOf("data: 1\n\n");
    const opening = Promise.withResolvers<OpenedSource>();
    if (which === "there already") opening.resolve(opened);
    const gone = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    await using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      async fetch(request) {
        request.signal.addEventListener("abort", () => gone.resolve());
        arrived.resolve();
        await gone.promise;
        const answer = eventStream(opening.promise, { ...options(clock.deadlines), signal: request.signal });
        if (which === "still to come") clock.pass();
        return await answer;
      },
    });
    const client = new AbortController();
    const asked = fetch(server.url, { signal: client.signal }).catch(() => "it hung up");
    await arrived.promise;
    client.abort();
    await asked;
    await gone.promise;
    await new Promise(setImmediate);
    opening.resolve(opened);
    await until(() => opened.closed.length > 0);
    expect([opened.closed, clock.waiting.size]).toEqual([["hung_up"], 0]);
  },
);
