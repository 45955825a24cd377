/** What others do to a server: a provider that hangs, clients that say nothing, go away without a word or do not read. */
import type { Socket } from "node:net";
import type { EventFrame } from "../../src/protocol/events.ts";
import type { Server } from "../../test/support/executable.ts";
import { openPausable, type PausedSocket } from "../../test/support/paused-socket.ts";
import { openTcp } from "../../test/support/raw-http.ts";
import { openRawSocket, type RawSocket } from "../../test/support/raw-socket.ts";
import { until } from "../../test/support/until.ts";
import { Ledger } from "./ledger.ts";
import { useOf } from "./process.ts";
import type { Rig } from "./rig.ts";
import type { Scenario } from "./scenario.ts";
import { expectAlive, expectRecovery, expectRun, write } from "./steady.ts";

/** Of a drain, with some for a busy machine. */
const LONGEST_STOP_MS = 20_000;

export const providerHangs: Scenario = {
  name: "provider-hangs",
  summary: "a provider takes the question and is silent: others go on, it can be cancelled, the server can stop",
  async run(rig) {
    rig.furnish();
    const never = Promise.withResolvers<void>();
    rig.provider.answer(({ body }) =>
      /hang/.test(JSON.stringify(body.messages.at(-1))) ? { after: never.promise, steps: [] } : ["It is done."],
    );
    const ledger = new Ledger(rig.random);
    const hung: string[] = [];
    let stopMs = 0;
    {
      await using server = await rig.start();
      using socket = await openRawSocket(server.url, server.token);
      for (let at = 0; at < 10; at++) {
        const asked = { message: "hang", session_key: `agent:main:chat:hang-${at}` };
        hung.push((await socket.call<{ run_id: string }>("agent.run", asked)).run_id);
      }
      for (const session of ["a", "b"]) await expectRun(rig, server, session, "beside hanging ones");
      await write(ledger, server, 10);
      const [cancelled = ""] = hung.splice(0, 1);
      await socket.call("agent.cancel", { run_id: cancelled });
      const run = await socket.call<{ status: string }>("runs.wait", { run_id: cancelled, timeout_ms: 5000 });
      if (run.status !== "cancelled") rig.problem(`a hanging run is ${run.status} after agent.cancel`);
      const before = performance.now();
      await rig.stop(server);
      stopMs = performance.now() - before;
      if (stopMs > LONGEST_STOP_MS) rig.problem(`it takes ${stopMs} ms to stop`);
    }
    never.resolve();
    rig.provider.answer(() => ["It is done."]);
    {
      await using server = await rig.start();
      using socket = await openRawSocket(server.url, server.token);
      for (const run_id of hung) {
        const { status } = await socket.call<{ status: string }>("runs.wait", { run_id, timeout_ms: 10_000 });
        if (!["interrupted", "completed"].includes(status)) rig.problem(`a run that hung is ${status} after a restart`);
      }
      await rig.stop(server);
    }
    await expectRecovery(rig, ledger, "after a hanging provider");
    return { hanging: hung.length + 1, stop_ms: Math.round(stopMs) };
  },
};

export const silentConnections: Scenario = {
  name: "connections",
  summary: "thousands of connections that send nothing: a client that says something is served, and all are given back",
  async run(rig, size) {
    rig.furnish();
    const ledger = new Ledger(rig.random);
    await using server = await rig.start();
    await expectRun(rig, server, "before", "before");
    const before = useOf(server.pid);
    const { sockets, refused } = await openMany(server, size.connections);
    // The server takes them out of the kernel's queue one by one.
    await until(() => useOf(server.pid).descriptors >= sockets.length, 20_000).catch(() =>
      rig.problem(`only ${useOf(server.pid).descriptors} were taken`),
    );
    const during = useOf(server.pid);
    const began = performance.now();
    await expectAlive(rig, server, `beside ${sockets.length}`);
    await write(ledger, server, 10);
    await expectRun(rig, server, "beside", `beside ${sockets.length}`);
    const workMs = performance.now() - began;
    const spent = useOf(server.pid).cpuSeconds;
    await Bun.sleep(1000);
    const idleCpu = useOf(server.pid).cpuSeconds - spent;
    for (const socket of sockets) socket.destroy();
    await expectDescriptors(rig, server, before.descriptors);
    await expectRun(rig, server, "after", "after");
    const after = useOf(server.pid);
    await rig.stop(server);
    await expectRecovery(rig, ledger, "after silent connections");
    return {
      wanted: size.connections,
      opened: sockets.length,
      refused,
      work_ms: Math.round(workMs),
      idle_cpu_s: idleCpu,
      rss_before_mib: before.rssMib,
      rss_during_mib: during.rssMib,
      rss_after_mib: after.rssMib,
      descriptors_during: during.descriptors,
    };
  },
};

const AT_ONCE = 200;

async function openMany(server: Pick<Server, "url">, count: number): Promise<{ sockets: Socket[]; refused: string }> {
  const { hostname, port } = new URL(server.url);
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const wave = Math.min(AT_ONCE, count - sockets.length);
    const opened = await Promise.allSettled(Array.from({ length: wave }, () => openTcp(hostname, Number(port))));
    for (const one of opened) {
      if (one.status !== "fulfilled") continue;
      one.value.on("error", () => undefined);
      sockets.push(one.value);
    }
    const failed = opened.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") return { sockets, refused: String(failed.reason) };
  }
  return { sockets, refused: "" };
}

/** They go down to what they were, but for what the server itself has opened since. */
async function expectDescriptors(rig: Rig, server: Server, before: number, timeoutMs = 20_000): Promise<void> {
  const most = before + 10;
  await until(() => useOf(server.pid).descriptors <= most, timeoutMs).catch(() =>
    rig.problem(`${useOf(server.pid).descriptors} descriptors are open, ${before} were before`),
  );
}

const HALF_OPEN = 50;
const CONNECT_MS = 10_000;
/** Pings go unanswered for this long at most. */
const IDLE_MS = 120_000;
const CLOSE_HANDSHAKE = 4401;

export const halfOpen: Scenario = {
  name: "half-open",
  summary: "clients that vanish without a word, in the middle of a request, a handshake or a session",
  async run(rig, size) {
    rig.furnish();
    const ledger = new Ledger(rig.random);
    await using server = await rig.start();
    await expectRun(rig, server, "before", "before");
    const { descriptors } = useOf(server.pid);
    const { hostname, port, host } = new URL(server.url);
    const halves: Socket[] = [];
    for (let at = 0; at < HALF_OPEN; at++) {
      const socket = await openTcp(hostname, Number(port));
      socket.on("error", () => undefined);
      socket.write(at % 2 === 0 ? `POST /v1/chat/completions HTTP/1.1\r\nHost: ${host}\r\nContent-Le` : "G");
      socket.pause();
      halves.push(socket);
    }
    const unknown = await Promise.all(Array.from({ length: HALF_OPEN }, () => openPausable(server.url)));
    const known = await Promise.all(Array.from({ length: HALF_OPEN }, () => openPausable(server.url)));
    for (const socket of known) {
      socket.send(
        JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "connect",
          params: { client: { id: "test" }, auth: { token: server.token } },
        }),
      );
      await until(() => socket.texts.some((text) => text.includes('"session_token"')));
      // From here on nothing is answered, no ping either: a peer whose machine is gone.
      socket.pause();
    }
    await write(ledger, server, 10);
    await expectRun(rig, server, "beside", "beside half-open ones");
    await until(() => unknown.every(({ closeFrame }) => closeFrame !== undefined), 3 * CONNECT_MS).catch(() =>
      rig.problem("clients that never connect are kept"),
    );
    const codes = new Set(unknown.map(({ closeFrame }) => closeFrame?.code));
    if ([...codes].join() !== String(CLOSE_HANDSHAKE)) rig.problem(`they are closed with ${[...codes].join()}`);
    const began = performance.now();
    if (size.patient) await expectDescriptors(rig, server, descriptors, 2 * IDLE_MS);
    const reapedMs = performance.now() - began;
    for (const socket of halves) socket.destroy();
    for (const socket of [...unknown, ...known]) socket[Symbol.dispose]();
    await expectDescriptors(rig, server, descriptors);
    await rig.stop(server);
    await expectRecovery(rig, ledger, "after half-open ones");
    return {
      half_requests: HALF_OPEN,
      half_handshakes: HALF_OPEN,
      vanished: HALF_OPEN,
      reaped_ms: size.patient ? Math.round(reapedMs) : "not waited for",
    };
  },
};

const SLOW_READERS = 40;
const ANSWER_BYTES = 4 * 1024 * 1024;
const PIECE = "x".repeat(8192);
const CLOSE_SLOW = 4008;
/** `max_buffered` is 1 MiB; the rest is for what the kernel holds, and the noise of the heap. All of it would be 4. */
const MOST_EACH_MIB = 3;

export const slowReaders: Scenario = {
  name: "slow-readers",
  summary:
    "clients that do not read: they are closed with 4008 or miss nothing, memory stays, those who read miss nothing",
  async run(rig) {
    rig.furnish();
    rig.provider.answer(() => ({ steps: Array.from({ length: ANSWER_BYTES / PIECE.length }, () => PIECE) }));
    const ledger = new Ledger(rig.random);
    await using server = await rig.start();
    let alone = 0;
    {
      // What such an answer takes when everybody reads.
      using socket = await openRawSocket(server.url, server.token);
      await socket.call("events.subscribe", { pattern: "stream.*" });
      for (let round = 0; round < 2; round++) alone = Math.max(alone, (await sendMuch(socket, server)).peakMib);
    }
    const slow = await Promise.all(Array.from({ length: SLOW_READERS }, () => openPausable(server.url)));
    for (const socket of slow) {
      const params = { client: { id: "test" }, auth: { token: server.token } };
      socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "connect", params }));
      await until(() => socket.texts.some((text) => text.includes('"session_token"')));
      socket.send(JSON.stringify({ jsonrpc: "2.0", id: 2, method: "events.subscribe", params: { pattern: "**" } }));
      await until(() => socket.texts.some((text) => text.includes('"id":2')));
      socket.pause();
    }
    using reader = await openRawSocket(server.url, server.token);
    let received = 0;
    reader.onEvent = ({ topic, data }) => {
      if (topic === "stream.chunk") received += String(data.content).length;
    };
    await reader.call("events.subscribe", { pattern: "stream.*" });
    const { text, peakMib } = await sendMuch(reader, server);
    await until(() => received >= text.length, 10_000).catch(() =>
      rig.problem(`${received} of ${text.length} were read`),
    );
    if (text.length !== ANSWER_BYTES) rig.problem(`the answer has ${text.length} characters`);
    for (const socket of slow) socket.resume();
    const isOver = ({ closeFrame, texts }: PausedSocket) => closeFrame !== undefined || texts.some(isCompleted);
    await until(() => slow.every(isOver), 20_000).catch(() => undefined);
    // The system's own buffers may hold a whole answer: whoever was not closed has missed nothing of it.
    const closed = slow.filter(({ closeFrame }) => closeFrame?.code === CLOSE_SLOW);
    for (const socket of slow) {
      const read = lengthOf(socket.texts);
      if (closed.includes(socket) || read === text.length) continue;
      const end = socket.closeFrame ? `closed with ${socket.closeFrame.code}` : "not closed";
      rig.problem(`a slow reader is ${end} after ${read} of ${text.length}`);
    }
    if (closed.length === 0) rig.problem("no reader was too slow: nothing was tried");
    for (const socket of slow) socket[Symbol.dispose]();
    rig.provider.answer(() => ["It is done."]);
    await rig.stop(server);
    await expectRecovery(rig, ledger, "after slow readers");
    const more = Math.round(peakMib - alone);
    if (more > MOST_EACH_MIB * SLOW_READERS) rig.problem(`${SLOW_READERS} slow readers take ${more} MiB`);
    return {
      slow: SLOW_READERS,
      closed: closed.length,
      answer_mib: ANSWER_BYTES / 1024 / 1024,
      peak_alone_mib: alone,
      peak_slow_mib: peakMib,
    };
  },
};

function isCompleted(frame: string): boolean {
  return frame.includes('"topic":"agent.completed"');
}

/** Of the pieces of answers in these frames. */
function lengthOf(frames: readonly string[]): number {
  return frames
    .map((frame) => (JSON.parse(frame) as { params?: EventFrame<"stream.chunk"> }).params)
    .reduce((sum, event) => sum + (event?.topic === "stream.chunk" ? event.data.content.length : 0), 0);
}

async function sendMuch(socket: RawSocket, server: Server): Promise<{ text: string; peakMib: number }> {
  let peakMib = 0;
  const watching = setInterval(() => {
    peakMib = Math.max(peakMib, useOf(server.pid).rssMib);
  }, 50);
  try {
    const asked = { message: "much", session_key: "agent:main:chat:much" };
    const { text } = await socket.call<{ text: string }>("session.send", asked);
    return { text, peakMib };
  } finally {
    clearInterval(watching);
  }
}
