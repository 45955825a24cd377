/** What it costs to start a program confined, beside starting it bare. */
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULTS } from "../../src/config/defaults.ts";
import type { Sandbox } from "../../src/sandbox/confinement.ts";
import { createLauncher, type Launcher } from "../../src/sandbox/launcher.ts";
import { landlockMethod } from "../../src/sandbox/linux/landlock-method.ts";
import { commandMethods, createSandbox } from "../../src/sandbox/sandbox.ts";
import { median, ms, type Programs, type Row } from "./bench.ts";

const STARTS = 31;
const BAR_MS = 25;
const PROGRAM = ["/bin/true"];

/** Nothing where the kernel has no Landlock. */
export async function measureSandbox({ aleph }: Programs): Promise<readonly Row[]> {
  const program = { argv: [aleph], bun: aleph, sources: [] };
  const plugins = createSandbox({ program, methods: (own) => [landlockMethod(own)] });
  const commands = createSandbox({ program, methods: commandMethods });
  if (process.platform !== "linux" || (await plugins.report()).level !== "kernel") return [];
  await using home = await temporaryHome();
  const launcher = createLauncher({
    config: () => ({ exec: DEFAULTS.exec }),
    sandbox: async () => commands,
    home: { path: home.path, run: join(home.path, "run") },
    userHome: home.path,
    lookup: async () => [],
    onDenied: () => {},
  });
  await commands.report();
  const bare: number[] = [];
  const confined: number[] = [];
  const asCommand: number[] = [];
  for (let round = 0; round < STARTS; round++) {
    bare.push(await time(startBare));
    confined.push(await time(() => startConfined(plugins)));
    asCommand.push(await time(() => runCommand(launcher, home.workspace)));
  }
  return [
    row(`sandboxed \`true\`, from start to end, median of ${STARTS}`, confined, bare),
    row(`\`true\` by exec, with its workspace, limits and clean-up, median of ${STARTS}`, asCommand, bare),
  ];
}

function row(name: string, times: readonly number[], bare: readonly number[]): Row {
  const more = median(times) - median(bare);
  return {
    name,
    aleph: ms(median(times)),
    baseline: `${ms(median(bare))} unconfined`,
    bar: { text: `≤ ${BAR_MS} ms more`, value: ms(more), holds: more <= BAR_MS },
  };
}

async function temporaryHome() {
  const path = await realpath(await mkdtemp(join(tmpdir(), "aleph-bench-")));
  const workspace = join(path, "workspaces/main");
  await mkdir(workspace, { recursive: true });
  return { path, workspace, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function startConfined(sandbox: Sandbox): Promise<void> {
  await using child = await sandbox.start({
    argv: PROGRAM,
    cwd: "/",
    env: {},
    confinement: {
      read: [],
      write: [],
      execute: [],
      processes: 1,
      network: "none",
      memoryBytes: 1 << 30,
      fileBytes: 1 << 20,
      openFiles: 64,
    },
  });
  await child.exited;
}

async function runCommand(launcher: Launcher, workspace: string): Promise<void> {
  const { exitCode } = await launcher.run(
    { mode: "argv", steps: [{ when: "always", pipeline: [PROGRAM] }] },
    { cwd: workspace, workspace, writes: true, network: [], signal: new AbortController().signal, onOutput: () => {} },
  );
  if (exitCode !== 0) throw new Error(`"true" ended with ${exitCode}`);
}

async function startBare(): Promise<void> {
  const child = Bun.spawn(PROGRAM, { env: {}, stdio: ["pipe", "pipe", "pipe"], detached: true });
  await child.exited;
}

async function time(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
