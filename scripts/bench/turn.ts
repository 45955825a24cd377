/** One agent turn against a provider that answers at once, and chunks a second to few and to many subscribers. */
import { fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { startOpenAiFake } from "../../test/support/providers/openai.ts";
import { openRawSocket, type RawSocket } from "../../test/support/raw-socket.ts";
import { makeHome, median, ms, type Programs, percentile, perSecond, type Row, startReadyAleph } from "./bench.ts";

const CHUNKS_PER_TURN = 20;
const WARM_UP = 20;
const TURNS = 200;
/** A session grows with each turn; a new one keeps the turns alike. */
const TURNS_PER_SESSION = 10;
const BAR_MS = 3;
const STREAMED_CHUNKS = 20_000;

export async function measureTurn(programs: Programs): Promise<readonly Row[]> {
  await using fake = startOpenAiFake();
  fake.answer(() => Array.from({ length: CHUNKS_PER_TURN }, (_, index) => `word${index} `));
  using home = makeHome(providerConfig(fake.url));
  await using aleph = await startReadyAleph(programs, home.path);
  using socket = await openRawSocket(`http://127.0.0.1:${aleph.port}`, aleph.token);
  const runs = followRuns(socket);
  await socket.call("events.subscribe", { pattern: "agent.*" });
  const file = openSync(join(home.path, "sync-probe"), "w");
  const block = new Uint8Array(4096);

  const samples = { turn: [] as number[], direct: [] as number[], sync: [] as number[] };
  for (let turn = 0; turn < WARM_UP + TURNS; turn++) {
    const key = `agent:main:chat:bench-${Math.floor(turn / TURNS_PER_SESSION)}`;
    const sync = await time(() => {
      writeSync(file, block);
      fdatasyncSync(file);
    });
    const direct = await time(async () => {
      const body = fake.requests.at(-1)?.body ?? { model: "test-model", stream: true, messages: [] };
      const response = await fetch(`${fake.url}/chat/completions`, { method: "POST", body: JSON.stringify(body) });
      await response.text();
    });
    const own = await time(async () => {
      const { run_id } = await socket.call<{ run_id: string }>("agent.run", {
        message: `Question ${turn}`,
        session_key: key,
      });
      await runs.ended(run_id);
    });
    if (turn < WARM_UP) continue;
    samples.sync.push(sync);
    samples.direct.push(direct);
    samples.turn.push(own);
  }
  const floor = median(samples.direct) + median(samples.sync);
  const above = median(samples.turn) - floor;
  return [
    {
      name: `agent turn of ${CHUNKS_PER_TURN} chunks, p50; beside it the provider called directly plus one fsync`,
      aleph: ms(median(samples.turn)),
      baseline: `${ms(floor)} (${ms(median(samples.direct))} + ${ms(median(samples.sync))})`,
      bar: { text: `≤ ${BAR_MS} ms above`, value: ms(above), holds: above <= BAR_MS },
    },
    {
      name: "the same, p99",
      aleph: ms(percentile(samples.turn, 0.99)),
      baseline: ms(percentile(samples.direct, 0.99) + percentile(samples.sync, 0.99)),
    },
  ];
}

export async function measureChunks(programs: Programs): Promise<readonly Row[]> {
  await using fake = startOpenAiFake();
  fake.answer(() => Array.from({ length: STREAMED_CHUNKS }, () => "0123456789abcdef"));
  using home = makeHome(providerConfig(fake.url));
  await using aleph = await startReadyAleph(programs, home.path);
  const rows: Row[] = [];
  for (const subscribers of [1, 200]) {
    const sockets = await Promise.all(
      Array.from({ length: subscribers }, () => openRawSocket(`http://127.0.0.1:${aleph.port}`, aleph.token)),
    );
    const watched = await Promise.all(sockets.map(watchStream));
    const { run_id } = await sockets[0]!.call<{ run_id: string }>("agent.run", {
      message: "Go on",
      session_key: `agent:main:chat:chunks-${subscribers}`,
    });
    const streams = await Promise.all(watched.map(({ ended }) => ended));
    const whole = streams.filter((stream) => stream.length === STREAMED_CHUNKS * 16);
    if (whole.length !== subscribers) throw new Error(`${run_id} reached only ${whole.length} of ${subscribers} whole`);
    const first = Math.min(...streams.map((stream) => stream.firstAt));
    const last = Math.max(...streams.map((stream) => stream.lastAt));
    const rate = (STREAMED_CHUNKS / (last - first)) * 1000;
    rows.push({
      name: `chunks to ${subscribers} subscriber${subscribers === 1 ? "" : "s"}, all of them received by each`,
      aleph: subscribers === 1 ? perSecond(rate) : `${perSecond(rate)} (${perSecond(rate * subscribers)} in all)`,
      baseline: "",
    });
    for (const socket of sockets) socket[Symbol.dispose]();
  }
  return rows;
}

function providerConfig(url: string): string {
  return [
    "[providers.bench]",
    'type = "openai-compatible"',
    `base_url = "${url}"`,
    'api_key = "bench"',
    'models = ["test-model"]',
    "[models]",
    'default = "bench/test-model"',
  ].join("\n");
}

async function time(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Runs whose end was seen, also when that was before someone asked. */
function followRuns(socket: RawSocket): { ended(runId: string): Promise<void> } {
  const runs = new Map<string, PromiseWithResolvers<void>>();
  const of = (runId: string): PromiseWithResolvers<void> => {
    const known = runs.get(runId) ?? Promise.withResolvers<void>();
    runs.set(runId, known);
    return known;
  };
  socket.onEvent = ({ topic, data }) => {
    const run = of(String(data.run_id));
    if (topic === "agent.completed") run.resolve();
    else if (topic === "agent.error") run.reject(new Error(JSON.stringify(data)));
  };
  return { ended: (runId) => of(runId).promise };
}

interface Streamed {
  readonly length: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

async function watchStream(socket: RawSocket): Promise<{ readonly ended: Promise<Streamed> }> {
  const ended = Promise.withResolvers<Streamed>();
  let length = 0;
  let firstAt = 0;
  socket.onEvent = ({ topic, data }) => {
    if (topic === "stream.chunk") {
      firstAt ||= performance.now();
      length += String(data.content).length;
    } else if (topic === "agent.completed") ended.resolve({ length, firstAt, lastAt: performance.now() });
    else if (topic === "agent.error") ended.reject(new Error(JSON.stringify(data)));
  };
  void socket.closed.then(({ code, reason }) => ended.reject(new Error(`Closed with ${code} ${reason}`)));
  await socket.call("events.subscribe", { pattern: "stream.chunk" });
  await socket.call("events.subscribe", { pattern: "agent.*" });
  return { ended: ended.promise };
}
