/**
 * `bun run bench`: the compiled executable beside a bare `Bun.serve` + Hono server that is compiled with the same settings,
 * in the same run. Names of measurements as arguments run those, `--all` or none all of them; `--json FILE` writes the rows,
 * `--write-readme` puts the table into README.md, `--store` keeps the rows as what later runs are compared with. Exit code 1
 * when a bar does not hold.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Programs, Row } from "./bench/bench.ts";
import { measureChannels } from "./bench/channels.ts";
import { measureCluster } from "./bench/cluster.ts";
import { compare, type Measured } from "./bench/compare.ts";
import { measureHandshake } from "./bench/handshake.ts";
import { measureHistory } from "./bench/history.ts";
import { measureRemembering } from "./bench/memory.ts";
import { measurePanel } from "./bench/panel.ts";
import { measurePassthrough } from "./bench/passthrough.ts";
import { measurePlugins } from "./bench/plugins.ts";
import { measurePolicy } from "./bench/policy.ts";
import { measureRpc } from "./bench/rpc.ts";
import { measureSandbox } from "./bench/sandbox.ts";
import { measureMemory, measureStart } from "./bench/start.ts";
import { measureChunks, measureTurn } from "./bench/turn.ts";
import { buildExecutable, ENTRY } from "./bundle.ts";

const MEASUREMENTS: Readonly<Record<string, (programs: Programs) => Promise<readonly Row[]>>> = {
  start: measureStart,
  memory: measureMemory,
  rpc: measureRpc,
  handshake: measureHandshake,
  turn: measureTurn,
  chunks: measureChunks,
  history: measureHistory,
  passthrough: measurePassthrough,
  remembering: measureRemembering,
  policy: measurePolicy,
  sandbox: measureSandbox,
  plugins: measurePlugins,
  cluster: measureCluster,
  channels: measureChannels,
  panel: measurePanel,
};

const STORED = join(import.meta.dir, "bench/stored.json");
const README = "README.md";
const BEGIN = "<!-- bench: written by `bun run bench --write-readme` -->";
const END = "<!-- /bench -->";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean" },
    json: { type: "string" },
    store: { type: "boolean" },
    "write-readme": { type: "boolean" },
  },
});
const wanted = positionals.length > 0 && !options.all ? positionals : Object.keys(MEASUREMENTS);
const unknown = wanted.find((name) => !(name in MEASUREMENTS));
if (unknown !== undefined) {
  console.error(`Unknown measurement "${unknown}"; known are ${Object.keys(MEASUREMENTS).join(", ")}`);
  process.exit(2);
}

const programs = await buildPrograms();
const rows: Row[] = [];
for (const name of wanted) {
  console.error(`measuring ${name} …`);
  rows.push(...(await MEASUREMENTS[name]!(programs)));
}

const machine = describeMachine();
const table = formatTable(rows);
const stored = Bun.file(STORED);
const before = (await stored.exists()) ? ((await stored.json()) as Measured) : undefined;
console.log(`${machine}\n\n${table}\n\n${compare(rows, before)}`);
if (options.store) await Bun.write(STORED, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
if (options.json) await Bun.write(options.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
if (options["write-readme"]) await writeReadme(`${table}\n\n${machine}; \`bun run bench\`.`);
process.exit(rows.every((row) => row.bar?.holds ?? true) ? 0 : 1);

async function buildPrograms(): Promise<Programs> {
  const folder = resolve(".cache/bench");
  mkdirSync(folder, { recursive: true });
  const built = {
    aleph: join(folder, "aleph-server"),
    baseline: join(folder, "baseline"),
    relay: join(folder, "relay"),
  };
  await buildExecutable({ entry: ENTRY, outfile: built.aleph });
  await buildExecutable({ entry: "scripts/bench/baseline.ts", outfile: built.baseline });
  await buildExecutable({ entry: "scripts/bench/relay.ts", outfile: built.relay });
  return built;
}

function describeMachine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  return `${cpu?.model ?? "unknown processor"}, ${cpus().length} cores, ${memory} GiB, ${process.platform} ${process.arch}, Bun ${Bun.version}, ${day}`;
}

function formatTable(measured: readonly Row[]): string {
  const lines = measured.map(({ name, aleph, baseline, bar }) => {
    const verdict = bar ? `${bar.text}: ${bar.value}, ${bar.holds ? "holds" : "**does not hold**"}` : "";
    return `| ${name} | ${aleph} | ${baseline} | ${verdict} |`;
  });
  return ["| measured | Aleph | bare server | bar |", "|---|---|---|---|", ...lines].join("\n");
}

async function writeReadme(text: string): Promise<void> {
  const readme = readFileSync(README, "utf8");
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error(`${README} has no place for the table: ${BEGIN} … ${END}`);
  await Bun.write(README, `${readme.slice(0, from + BEGIN.length)}\n\n${text}\n\n${readme.slice(to)}`);
}
