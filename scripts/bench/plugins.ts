/** Plugins in their own processes, as a client of the server meets them: the first call, which starts one, and calls after that. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openRawSocket, type RawSocket } from "../../test/support/raw-socket.ts";
import { assemble } from "../../test/support/wasm-plugin.ts";
import {
  makeHome,
  median,
  ms,
  type Programs,
  percentile,
  type Row,
  startAleph,
  startReadyAleph,
  waitReady,
} from "./bench.ts";
import { idleMemory } from "./start.ts";

const STARTS = 15;
const START_BAR_MS = 60;
const CALLS = 2000;
const WARM_UP = 300;
const NODEJS_CALL_BAR_MS = 1;
const WASM_START_BAR_MS = 100;
const WASM_CALL_BAR_MS = 0.5;

/** A plugin whose tool gives back what it gets. */
interface Sample {
  readonly kind: string;
  readonly entry: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
}

export async function measurePlugins(programs: Programs): Promise<readonly Row[]> {
  return [...(await measureNodejs(programs)), ...(await measureWasm(programs)), ...(await measureIdle(programs))];
}

async function measureNodejs(programs: Programs): Promise<readonly Row[]> {
  const code = `import { createServer } from "@aleph/plugin-sdk";
createServer({ name: "bench", tools: { echo: async (args: { input: string }) => args.input } }).start();
`;
  const sample = { kind: "nodejs", entry: "index.ts", files: { "index.ts": code } };
  return rowsOf(sample, await measure(programs, sample), { start: START_BAR_MS, call: NODEJS_CALL_BAR_MS });
}

async function measureWasm(programs: Programs): Promise<readonly Row[]> {
  const module = await assemble(`(module
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "input_length" (func $length (result i64)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (memory (export "memory") 1)
    (func (export "echo") (call $output (call $input) (call $length))))`);
  const sample = { kind: "wasm", entry: "plugin.wasm", files: { "plugin.wasm": module } };
  return rowsOf(sample, await measure(programs, sample), { start: WASM_START_BAR_MS, call: WASM_CALL_BAR_MS });
}

const IDLE = 50;
const IDLE_STARTS = 15;
const IDLE_START_BAR_MS = 10;
const IDLE_MEMORY_BAR_MIB = 10;

/** What plugins cost that are installed, approved and not used: a server with them beside one without, started in turn. */
async function measureIdle(programs: Programs): Promise<readonly Row[]> {
  using bare = makeHome();
  using full = makeHome();
  const ids = Array.from({ length: IDLE }, (_, index) => `idle${index}`);
  for (const [index, id] of ids.entries()) {
    const [kind, entry] = index % 2 === 0 ? (["nodejs", "index.js"] as const) : (["wasm", "plugin.wasm"] as const);
    writeSample(full.path, id, { kind, entry, files: { [entry]: "", "SKILL.md": "Nothing.\n".repeat(50) } });
  }
  await approveAll(programs, full.path, ids);
  await approveAll(programs, bare.path, []);
  const homes = [bare.path, full.path] as const;
  const starts = homes.map(() => ({ health: [] as number[], ready: [] as number[], rss: [] as number[] }));
  for (let round = 0; round < IDLE_STARTS; round++) {
    for (const [index, home] of homes.entries()) {
      await using started = await startAleph(programs, home);
      const began = performance.now();
      await waitReady(started);
      starts[index]!.health.push(started.startMs);
      starts[index]!.ready.push(started.startMs + performance.now() - began);
    }
  }
  for (let round = 0; round < 3; round++) {
    for (const [index, home] of homes.entries()) {
      starts[index]!.rss.push((await idleMemory(() => startAleph(programs, home))).rss / 1024);
    }
  }
  const more = (what: "health" | "ready" | "rss") => median(starts[1]![what]) - median(starts[0]![what]);
  const start = more("health");
  const memory = more("rss");
  return [
    {
      name: `${IDLE} plugins installed but idle: exec to the first 200 of /health, median of ${IDLE_STARTS}`,
      aleph: ms(median(starts[1]!.health)),
      baseline: `${ms(median(starts[0]!.health))} without`,
      bar: { text: `≤ ${IDLE_START_BAR_MS} ms more`, value: ms(start), holds: start <= IDLE_START_BAR_MS },
    },
    {
      name: `${IDLE} plugins installed but idle: exec to the first 200 of /ready`,
      aleph: ms(median(starts[1]!.ready)),
      baseline: `${ms(median(starts[0]!.ready))} without`,
    },
    {
      name: `${IDLE} plugins installed but idle: memory, RSS`,
      aleph: `${median(starts[1]!.rss).toFixed(1)} MiB`,
      baseline: `${median(starts[0]!.rss).toFixed(1)} MiB without`,
      bar: {
        text: `≤ ${IDLE_MEMORY_BAR_MIB} MiB more`,
        value: `${memory.toFixed(1)} MiB`,
        holds: memory <= IDLE_MEMORY_BAR_MIB,
      },
    },
  ];
}

async function approveAll(programs: Programs, home: string, ids: readonly string[]): Promise<void> {
  await using server = await startReadyAleph(programs, home);
  using socket = await openRawSocket(`http://127.0.0.1:${server.port}`, server.token);
  for (const id of ids) await socket.call("plugins.approve", { id });
}

function rowsOf(
  { kind }: Sample,
  { starts, calls }: Awaited<ReturnType<typeof measure>>,
  bars: { readonly start: number; readonly call: number },
): readonly Row[] {
  const start = median(starts);
  const call = median(calls);
  return [
    {
      name: `start of a ${kind} plugin: first tool call over the socket, median of ${STARTS}`,
      aleph: ms(start),
      baseline: "",
      bar: { text: `≤ ${bars.start} ms`, value: ms(start), holds: start <= bars.start },
    },
    {
      name: `tool call of a ${kind} plugin over the socket, warm, p50 (p99)`,
      aleph: `${ms(call)} (${ms(percentile(calls, 0.99))})`,
      baseline: "",
      bar: { text: `≤ ${bars.call} ms`, value: ms(call), holds: call <= bars.call },
    },
  ];
}

/** Milliseconds of the first call of each of several plugins, and of many calls of one. */
async function measure(programs: Programs, sample: Sample) {
  using home = makeHome();
  const ids = Array.from({ length: STARTS + 1 }, (_, index) => `bench${index}`);
  for (const id of ids) writeSample(home.path, id, sample);
  await using server = await startReadyAleph(programs, home.path);
  using socket = await openRawSocket(`http://127.0.0.1:${server.port}`, server.token);
  for (const id of ids) await socket.call("plugins.approve", { id });
  // What all of them share is loaded with the first.
  const [first = "", ...rest] = ids;
  await timeCall(socket, first);
  const starts: number[] = [];
  for (const id of rest) starts.push(await timeCall(socket, id));
  const calls: number[] = [];
  for (let round = 0; round < WARM_UP + CALLS; round++) calls.push(await timeCall(socket, first));
  return { starts, calls: calls.slice(WARM_UP) };
}

async function timeCall(socket: RawSocket, id: string): Promise<number> {
  const began = performance.now();
  const { ok, result } = await socket.call<{ ok: boolean; result: string }>("tool.call", {
    tool: `echo_${id}`,
    args: { input: id },
  });
  const took = performance.now() - began;
  if (!ok || result !== id) throw new Error(`The plugin answered ${JSON.stringify(result)}`);
  return took;
}

function writeSample(home: string, id: string, { kind, entry, files }: Sample): void {
  const folder = join(home, "plugins", id);
  mkdirSync(folder, { recursive: true });
  const manifest = `[plugin]
id = "${id}"
name = "${id}"
version = "1.0.0"
description = "For the benchmark"
kind = "${kind}"
entry = "${entry}"

[[tools]]
name = "echo_${id}"
description = "Gives back what it gets"
handler = "echo"
parameters = { type = "object", properties = { input = { type = "string" } } }
`;
  for (const [name, content] of Object.entries({ ...files, "aleph_plugin.toml": manifest })) {
    writeFileSync(join(folder, name), content);
  }
}
