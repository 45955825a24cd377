/** Less of what a process needs than it wants: file descriptors, memory. */
import type { Socket } from "node:net";
import { executablePath, type Server } from "../../test/support/executable.ts";
import { openTcp } from "../../test/support/raw-http.ts";
import { openRawSocket, type RpcError } from "../../test/support/raw-socket.ts";
import { until } from "../../test/support/until.ts";
import { Ledger } from "./ledger.ts";
import { useOf } from "./process.ts";
import type { Scenario } from "./scenario.ts";
import { expectAlive, expectRecovery, expectRun, refusalOf, write } from "./steady.ts";

const DESCRIPTORS = 128;

function prlimitObstacle(): string | undefined {
  if (process.platform !== "linux") return "limits are set with prlimit of Linux";
  return Bun.which("prlimit") ? undefined : "there is no prlimit";
}

/** What stands before `serve`, so that the server begins under a limit. */
function under(limit: string) {
  return { file: Bun.which("prlimit") ?? "prlimit", command: [limit, executablePath(), "serve"] };
}

export const descriptors: Scenario = {
  name: "descriptors",
  summary: `only ${DESCRIPTORS} file descriptors, all taken: who is connected is served, and the rest comes back`,
  obstacle: prlimitObstacle,
  async run(rig) {
    rig.furnish();
    const ledger = new Ledger(rig.random);
    await using server = await rig.start(under(`--nofile=${DESCRIPTORS}:${DESCRIPTORS}`));
    await expectRun(rig, server, "before", "before");
    const before = useOf(server.pid);
    using socket = await openRawSocket(server.url, server.token);
    const greedy: Socket[] = [];
    const { hostname, port } = new URL(server.url);
    // The kernel's queue takes more than the server can accept.
    for (let at = 0; at < 2 * DESCRIPTORS; at++) {
      const one = await openTcp(hostname, Number(port));
      one.on("error", () => undefined);
      greedy.push(one);
    }
    await until(() => useOf(server.pid).descriptors >= DESCRIPTORS - 2, 5000).catch(() => undefined);
    const during = useOf(server.pid);
    let refused = 0;
    for (let at = 0; at < 10; at++) {
      await ledger.one(socket, server, "fact").catch((error: RpcError) => {
        refused += 1;
        if (refusalOf(error).reason !== "overloaded") rig.problem(`no descriptor left: ${error.message}`);
      });
    }
    const spent = useOf(server.pid).cpuSeconds;
    await Bun.sleep(1000);
    const idleCpu = useOf(server.pid).cpuSeconds - spent;
    for (const one of greedy) one.destroy();
    await until(() => useOf(server.pid).descriptors <= before.descriptors + 10, 20_000).catch(() =>
      rig.problem(`${useOf(server.pid).descriptors} descriptors stay open`),
    );
    await until(
      () =>
        fetch(`${server.url}/health`).then(
          ({ ok }) => ok,
          () => false,
        ),
      20_000,
    );
    await expectRun(rig, server, "after", "after");
    await rig.stop(server);
    await expectRecovery(rig, ledger, "after too few descriptors");
    return { limit: DESCRIPTORS, taken: during.descriptors, refused_writes: refused, idle_cpu_s: idleCpu };
  },
};

/** Of data: what a process may write to, which leaves out what JavaScriptCore only reserves. */
const MEMORY_MIB = [1024, 512, 384, 256];
const ENOUGH_MIB = 512;
const LOAD_SESSIONS = 8;
const LONG_ANSWER = 1024 * 1024;
const SHORT_ANSWER = 64 * 1024;

export const memoryLimit: Scenario = {
  name: "memory-limit",
  summary: "less and less memory (RLIMIT_DATA): it works, or it ends and the next start has all that was acknowledged",
  obstacle: prlimitObstacle,
  async run(rig, { patient }) {
    rig.furnish();
    const ledger = new Ledger(rig.random);
    const facts: Record<string, string> = {};
    for (const mib of patient ? MEMORY_MIB : MEMORY_MIB.slice(1, 2)) {
      const server = await rig.start(under(`--data=${mib * 1024 * 1024}`)).catch((error: Error) => error);
      if (server instanceof Error) {
        facts[`${mib}_mib`] = "does not start";
        continue;
      }
      await using running = server;
      rig.provider.answer(() => ["x".repeat(patient ? LONG_ANSWER : SHORT_ANSWER)]);
      const isAlive = await load(ledger, running);
      rig.provider.answer(() => ["It is done."]);
      if (isAlive) {
        await expectAlive(rig, running, `${mib} MiB`);
        running.kill("SIGKILL");
      }
      const { signal, code } = await running.finished;
      facts[`${mib}_mib`] = isAlive ? "works" : `ended with ${signal ?? code}`;
      await expectRecovery(rig, ledger, `after ${mib} MiB`);
    }
    if (facts[`${ENOUGH_MIB}_mib`] !== "works") rig.problem(`${ENOUGH_MIB} MiB are not enough`);
    return facts;
  },
};

/** False when the server did not outlive it. */
async function load(ledger: Ledger, server: Server): Promise<boolean> {
  try {
    await write(ledger, server, 20);
    using socket = await openRawSocket(server.url, server.token);
    const runs = Array.from({ length: LOAD_SESSIONS }, (_, at) =>
      socket.call("session.send", { message: "much", session_key: `agent:main:chat:memory-${at}` }),
    );
    await Promise.all(runs);
    return true;
  } catch {
    // The line is lost: the checker asks the next server.
    return false;
  }
}
