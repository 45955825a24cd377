/** Requests handed on to a provider, beside a bare server that checks key and body and hands the bytes on. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  makeHome,
  median,
  ms,
  type Programs,
  percentile,
  perSecond,
  type Row,
  startOther,
  startReadyAleph,
} from "./bench.ts";
import { type Answered, openHttpClient, requestBytes } from "./http-client.ts";

const PATH = "/v1/chat/completions";
const ROUNDS = 15;
const MEMORY_REQUESTS = 50_000;
const MESSAGES = [{ role: "user", content: "Hello" }];
/** `user` tells the provider how to stream. */
const SMALL = JSON.stringify({ model: "bench/test-model", messages: MESSAGES });
const LARGE = JSON.stringify({
  model: "bench/test-model",
  messages: [{ role: "user", content: "word ".repeat(20_480) }],
});
const BURST = JSON.stringify({ model: "bench/test-model", messages: MESSAGES, stream: true, user: "burst" });
const PACED = JSON.stringify({ model: "bench/test-model", messages: MESSAGES, stream: true, user: "paced" });

interface Server {
  readonly pid: number;
  readonly port: number;
  readonly token: string;
}

interface Load {
  readonly clients: number;
  readonly forMs: number;
  readonly body: string;
}

interface Measured {
  readonly answers: readonly Answered[];
  readonly perSecond: number;
  /** Of the server, for one request. */
  readonly cpuMs: number;
}

type Sides = Readonly<Record<"direct" | "relay" | "aleph", Server>>;

export async function measurePassthrough(programs: Programs): Promise<readonly Row[]> {
  await using upstream = await startOther((port) => [
    process.execPath,
    join(import.meta.dir, "upstream.ts"),
    String(port),
  ]);
  const address = `http://127.0.0.1:${upstream.port}/v1`;
  await using relay = await startOther((port) => [programs.relay, String(port), "bench-key", address]);
  using home = makeHome(configFor(address));
  await using aleph = await startReadyAleph(programs, home.path);
  const sides: Sides = {
    direct: { pid: upstream.pid, port: upstream.port, token: "bench" },
    relay: { pid: relay.pid, port: relay.port, token: "bench-key" },
    aleph,
  };
  // Both are warm before anything counts.
  for (const body of [SMALL, BURST, LARGE]) await rounds(sides, { clients: 8, forMs: 1000, body }, 1);
  return [
    ...(await addedLatency("one client", sides, { clients: 1, forMs: 400, body: SMALL })),
    ...(await throughput("64 clients", sides, { clients: 64, forMs: 500, body: SMALL }, { share: 0.8, cpu: 1.4 })),
    ...(await throughput(
      "streams of 200 chunks, 16 at once",
      sides,
      { clients: 16, forMs: 600, body: BURST },
      { share: 0.7, cpu: 2 },
    )),
    ...(await firstChunk(sides, { clients: 32, forMs: 800, body: PACED })),
    ...(await addedLatency("one client, 100 KB of request", sides, { clients: 1, forMs: 400, body: LARGE })),
    ...(await memory(sides.aleph)),
  ];
}

function configFor(address: string): string {
  return [
    "[providers.bench]",
    'type = "openai-compatible"',
    `base_url = "${address}"`,
    'api_key = "bench"',
    'models = [{ id = "test-model", price = { input = 1, output = 2 } }]',
    "[models]",
    'default = "bench/test-model"',
    // A second to go to, as where failover is wanted; it never comes to that here.
    'fallbacks = ["demo/demo"]',
  ].join("\n");
}

async function addedLatency(name: string, sides: Sides, load: Load): Promise<readonly Row[]> {
  const measured = await rounds(sides, load);
  const p50 = (side: keyof Sides) => median(measured[side].map(({ answers }) => median(answers.map(({ ms }) => ms))));
  const [direct, relay, aleph] = [p50("direct"), p50("relay") - p50("direct"), p50("aleph") - p50("direct")];
  return [
    {
      name: `handed on: what it adds to the provider's own ${ms(direct)}, p50, ${name}`,
      aleph: ms(aleph),
      baseline: ms(relay),
      bar: atMost(aleph / relay, 1.2),
    },
  ];
}

async function throughput(
  name: string,
  { relay, aleph }: Sides,
  load: Load,
  bars: { readonly share: number; readonly cpu: number },
): Promise<readonly Row[]> {
  const measured = await rounds({ relay, aleph }, load);
  const rate = (side: "relay" | "aleph") => median(measured[side].map(({ perSecond }) => perSecond));
  const cpu = (side: "relay" | "aleph") => median(measured[side].map(({ cpuMs }) => cpuMs));
  const share = rate("aleph") / rate("relay");
  return [
    {
      name: `handed on: ${name}`,
      aleph: perSecond(rate("aleph")),
      baseline: perSecond(rate("relay")),
      bar: { text: `≥ ${bars.share * 100} %`, value: `${Math.round(share * 100)} %`, holds: share >= bars.share },
    },
    {
      name: `handed on: processor time of each, ${name}`,
      aleph: ms(cpu("aleph")),
      baseline: ms(cpu("relay")),
      bar: atMost(cpu("aleph") / cpu("relay"), bars.cpu),
    },
  ];
}

async function firstChunk({ relay, aleph }: Sides, load: Load): Promise<readonly Row[]> {
  const measured = await rounds({ relay, aleph }, load);
  const p50 = (side: "relay" | "aleph") =>
    median(measured[side].flatMap(({ answers }) => answers.map(({ firstMs }) => firstMs)));
  const p99 = (side: "relay" | "aleph") =>
    percentile(
      measured[side].flatMap(({ answers }) => answers.map(({ firstMs }) => firstMs)),
      0.99,
    );
  return [
    {
      name: `handed on: first chunk of ${load.clients} streams with a chunk every 5 ms, p50 (p99)`,
      aleph: `${ms(p50("aleph"))} (${ms(p99("aleph"))})`,
      baseline: `${ms(p50("relay"))} (${ms(p99("relay"))})`,
      bar: atMost(p50("aleph") / p50("relay"), 1.25),
    },
  ];
}

async function memory(aleph: Server): Promise<readonly Row[]> {
  const rss = () => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${aleph.pid}/status`, "utf8"))?.[1]) / 1024;
  const clients = await Promise.all(
    Array.from({ length: 32 }, () => openHttpClient(aleph.port, requestBytes(PATH, aleph.token, SMALL))),
  );
  let left = MEMORY_REQUESTS;
  let early = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (left-- > 0) {
        await client.ask();
        if (left === MEMORY_REQUESTS / 2) early = rss();
      }
    }),
  );
  for (const client of clients) client[Symbol.dispose]();
  const late = rss();
  return [
    {
      name: `handed on: memory after ${MEMORY_REQUESTS.toLocaleString("en-US")} requests; halfway`,
      aleph: `${late.toFixed(1)} MiB; ${early.toFixed(1)} MiB`,
      baseline: "",
      bar: atMost(late / early, 1.1),
    },
  ];
}

/** In many short turns, each round the other way about, so that what else the machine does hits all alike. */
async function rounds<Side extends string>(
  sides: Readonly<Record<Side, Server>>,
  load: Load,
  count = ROUNDS,
): Promise<Record<Side, Measured[]>> {
  const entries = Object.entries(sides) as [Side, Server][];
  const all = Object.fromEntries(entries.map(([side]) => [side, [] as Measured[]])) as Record<Side, Measured[]>;
  for (let round = 0; round < count; round++) {
    const inTurn = round % 2 === 0 ? entries : entries.toReversed();
    for (const [side, server] of inTurn) all[side].push(await run(server, load));
  }
  return all;
}

async function run({ pid, port, token }: Server, { clients, forMs, body }: Load): Promise<Measured> {
  const request = requestBytes(PATH, token, body);
  const open = await Promise.all(Array.from({ length: clients }, () => openHttpClient(port, request)));
  await Promise.all(open.map((client) => client.ask()));
  const cpuBefore = processorMs(pid);
  const began = performance.now();
  const answers: Answered[] = [];
  await Promise.all(
    open.map(async (client) => {
      while (performance.now() - began < forMs) answers.push(await client.ask());
    }),
  );
  const took = performance.now() - began;
  const cpuMs = (processorMs(pid) - cpuBefore) / answers.length;
  for (const client of open) client[Symbol.dispose]();
  return { answers, perSecond: (answers.length / took) * 1000, cpuMs };
}

/** Time on a processor of all threads of a process, from `schedstat`: in nanoseconds, where `stat` counts ticks of 10 ms. */
function processorMs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce((sum, task) => sum + onProcessorNs(`/proc/${pid}/task/${task}/schedstat`), 0) / 1e6;
}

function onProcessorNs(schedstat: string): number {
  try {
    return Number(readFileSync(schedstat, "utf8").split(" ", 1)[0]);
  } catch (error) {
    // A thread may end between the list and the look; it did next to nothing then.
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return 0;
    throw error;
  }
}

function atMost(ratio: number, bar: number): { text: string; value: string; holds: boolean } {
  return { text: `≤ ${bar}×`, value: `${ratio.toFixed(2)}×`, holds: ratio <= bar };
}
