/** What a node costs: a command there beside the same command here, and many nodes at once. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Client, connect } from "../../src/client/client.ts";
import { openWebSocket } from "../../src/client/transport.ts";
import { runNode } from "../../src/cluster/node.ts";
import { openConfig } from "../../src/config/config.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { ensureHome, homeAt } from "../../src/config/home.ts";
import { createLog } from "../../src/lib/log.ts";
import { makeHome, median, ms, type Programs, percentile, type Row, startReadyAleph } from "./bench.ts";

const ROUNDS = 61;
const BAR_MS = 3;
const NODES = 100;
/** So many may wait to be let in from one address. */
const AT_ONCE = 3;

export async function measureCluster(programs: Programs): Promise<readonly Row[]> {
  using home = makeHome();
  await using aleph = await startReadyAleph(programs, home.path);
  const center = `ws://127.0.0.1:${aleph.port}/ws`;
  using client = await connect({
    open: () => openWebSocket(center),
    credentials: () => ({ token: aleph.token }),
    client: { id: "bench" },
  });
  const stop = new AbortController();
  const running: Promise<unknown>[] = [];
  try {
    await startExecutable(programs, { center, client, folder: join(home.path, "own"), stop: stop.signal, running });
    const here: number[] = [];
    const there: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      here.push(await time(() => client.call("tool.call", { tool: "exec", args: { command: "true" } })));
      there.push(
        await time(() => client.call("node.invoke", { node: "own", command: "exec", args: { command: "true" } })),
      );
    }
    const more = median(there) - median(here);
    const before = memoryOf(aleph.pid);
    for (let from = 0; from < NODES - 1; from += AT_ONCE) {
      const names = Array.from({ length: Math.min(AT_ONCE, NODES - 1 - from) }, (_, at) => `n${from + at}`);
      await Promise.all(
        names.map((name) =>
          startHere({ center, client, folder: join(home.path, name), name, stop: stop.signal, running }),
        ),
      );
    }
    const each = (memoryOf(aleph.pid) - before) / (NODES - 1);
    const online = (await client.call("node.list", {})).nodes.filter(({ status }) => status === "online").length;
    const asked: number[] = [];
    for (let round = 0; round < 200; round++) {
      const node = `n${round % (NODES - 1)}`;
      asked.push(await time(() => client.call("node.invoke", { node, command: "system.info" })));
    }
    return [
      {
        name: `\`true\` on a node over loopback, median of ${ROUNDS}`,
        aleph: ms(median(there)),
        baseline: `${ms(median(here))} on the center itself`,
        bar: { text: `≤ ${BAR_MS} ms more`, value: ms(more), holds: more <= BAR_MS },
      },
      {
        name: `${NODES} nodes connected: node.invoke of system.info, p50 (p99); memory of the center for each`,
        aleph: `${ms(median(asked))} (${ms(percentile(asked, 0.99))}); ${each.toFixed(0)} KiB`,
        baseline: "",
        bar: { text: `all ${NODES} online`, value: String(online), holds: online === NODES },
      },
    ];
  } finally {
    stop.abort();
    await Promise.allSettled(running);
  }
}

interface Starting {
  readonly center: string;
  readonly client: Client;
  readonly folder: string;
  readonly stop: AbortSignal;
  /** Where its end is put, to be waited for. */
  readonly running: Promise<unknown>[];
}

/** As a person starts one; answers when it works. */
async function startExecutable({ aleph }: Programs, { center, client, folder, stop, running }: Starting) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const child = Bun.spawn([aleph, "node", "--center", center, "--name", "own", "--home", folder], {
    env: { PATH: process.env.PATH ?? "", HOME: folder },
    stdio: ["ignore", "ignore", "pipe"],
  });
  stop.addEventListener("abort", () => child.kill("SIGKILL"));
  running.push(child.exited);
  const coded = Promise.withResolvers<string>();
  // To its end: a node whose words nobody reads would stop.
  const read = async () => {
    let said = "";
    for await (const chunk of child.stderr) {
      said += Buffer.from(chunk).toString();
      const [, code] = /with the code (\w+)/.exec(said) ?? [];
      if (code !== undefined) coded.resolve(code);
    }
  };
  void read();
  await client.call("node.approve", { code: await coded.promise });
  await untilOnline(client, "own");
}

async function startHere({ center, client, folder, name, stop, running }: Starting & { readonly name: string }) {
  const home = homeAt(folder);
  ensureHome(home);
  const env = readEnvironment({ HOME: folder });
  const log = createLog({ write: () => undefined, level: () => "error", now: Date.now });
  const config = await openConfig({ home, env, log });
  const coded = Promise.withResolvers<string>();
  const node = runNode(
    {
      home,
      env,
      config,
      center,
      name,
      tags: [],
      log,
      onState: (state) => state.kind === "waiting" && coded.resolve(state.code),
    },
    stop,
  );
  running.push(node);
  await client.call("node.approve", { code: await coded.promise });
  await untilOnline(client, name);
}

async function untilOnline(client: Client, node: string): Promise<void> {
  while ((await client.call("node.get", { node })).status !== "online") await Bun.sleep(50);
}

async function time(work: () => Promise<{ readonly ok: boolean }>): Promise<number> {
  const began = performance.now();
  const { ok } = await work();
  if (!ok) throw new Error("The call has failed");
  return performance.now() - began;
}

/** In KiB. */
function memoryOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
