/** The executable on a disk that loses what was not synced when the power goes. */
import { expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startServer, testExecutableIf } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { seededRandom } from "../support/random.ts";
import { Survivor } from "../support/survivor.ts";
import { startTalkativeProvider } from "../support/talkative-provider.ts";

const CUTS = 20;
/** More than an empty database has. */
const FOLDED_BYTES = 200_000;
/** A first start syncs less often than this. */
const MOST_SYNCS = 50;
const LONGEST_LIFE_MS = 600;
const SEED = Number(process.env.ALEPH_SEED ?? 20_261_121);
const SESSIONS = ["agent:main:main", "agent:main:chat:second"];
const BLOCK = 4096;

const compiler = process.platform === "linux" ? (Bun.which("gcc") ?? Bun.which("cc")) : null;
if (compiler === null && process.env.ALEPH_REQUIRE_POWER_CUT) throw new Error("The power-cut rig needs gcc on Linux");

test.skipIf(compiler === null)("the power-cut rig keeps what was synced and nothing else", async () => {
  await using folder = await testFolder();
  const disk = makeDisk(folder.path, await buildShim(folder.path));
  const script = `
    import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
    const write = (name, text, sync) => {
      const file = openSync(name, "w");
      writeSync(file, text);
      if (sync) sync(file);
      return file;
    };
    const syncFolder = (name) => { const file = openSync(name, "r"); fsyncSync(file); closeSync(file); };
    write("synced", "1", fsyncSync);
    write("written", "2");
    writeSync(write("half", "3", fdatasyncSync), "4");
    mkdirSync("below");
    write("below/first.tmp", "5", fsyncSync);
    renameSync("below/first.tmp", "below/first");
    syncFolder("below");
    write("below/second.tmp", "6", fsyncSync);
    renameSync("below/second.tmp", "below/second");
    process.kill(process.pid, "SIGKILL");
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { cwd: disk.home, env: { ...process.env, ...disk.env } });
  await child.exited;
  expect(readTree(disk.shadow)).toEqual({ synced: "1", half: "3", "below/first": "5", "below/second.tmp": "6" });
});

testExecutableIf(compiler !== null)(
  `the executable keeps what it acknowledged through ${CUTS} power cuts (ALEPH_SEED=${SEED})`,
  async () => {
    const random = seededRandom(SEED);
    await using folder = await testFolder();
    await using provider = startTalkativeProvider(random);
    const shim = await buildShim(folder.path);
    const disk = makeDisk(folder.path, shim);
    writeFileSync(join(disk.home, "config.toml"), provider.config, { mode: 0o600 });
    const survivor = new Survivor(SESSIONS, random);
    let sizeAtFirst = 0;

    for (let cut = 0; cut < CUTS; cut++) {
      disk.begin();
      await using server = await startServer({ home: disk.home, env: disk.env });
      await survivor.outlive(server, LONGEST_LIFE_MS);
      disk.cut(random, cut % 2 === 1);
      if (cut === 0) sizeAtFirst = databaseSize(disk.home);
    }

    // The WAL was folded into the database: that is the part in which an order of writes can be wrong.
    expect(databaseSize(disk.home)).toBeGreaterThan(sizeAtFirst + FOLDED_BYTES);
    await using server = await startServer({ home: disk.home });
    await survivor.verify(server);
    console.log(`after ${CUTS} power cuts: ${JSON.stringify(survivor.counts)}`);
    expect(survivor.problems).toEqual([]);
    expect(survivor.counts.acknowledged).toBeGreaterThan(CUTS);
  },
  180_000,
);

testExecutableIf(compiler !== null)(
  "a first start of the executable can be repeated whenever the power was cut",
  async () => {
    await using folder = await testFolder();
    const shim = await buildShim(folder.path);
    let syncs = 0;
    for (let survived = false; !survived && syncs < MOST_SYNCS; syncs++) {
      const own = join(folder.path, String(syncs));
      mkdirSync(own);
      const disk = makeDisk(own, shim);
      const env = { ...disk.env, POWER_CUT_AFTER: String(syncs + 1) };
      survived = await startServer({ home: disk.home, env }).then(
        (server) => server[Symbol.asyncDispose]().then(() => true),
        () => false,
      );
      disk.cut(() => 0, false);
      await using _again = await startServer({ home: disk.home });
    }
    expect(syncs).toBeWithin(2, MOST_SYNCS);
  },
  60_000,
);

async function buildShim(folder: string): Promise<string> {
  const path = join(folder, "power-cut.so");
  const source = join(import.meta.dir, "power-cut.c");
  const child = Bun.spawn([compiler!, "-shared", "-fPIC", "-O2", "-o", path, source, "-ldl", "-lpthread"], {
    stderr: "pipe",
  });
  const [errors, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (code !== 0) throw new Error(`The shim does not compile:\n${errors}`);
  return path;
}

interface Disk {
  readonly home: string;
  readonly shadow: string;
  readonly env: Readonly<Record<string, string>>;
  /** From now on what is in home counts as synced. */
  begin(): void;
  /**
   * Home becomes what survived. With `some`, blocks that were written and not synced survive as well, here and there, as on
   * a real disk.
   */
  cut(random: () => number, some: boolean): void;
}

function makeDisk(folder: string, shim: string): Disk {
  const home = join(folder, "home");
  const shadow = join(folder, "shadow");
  mkdirSync(home);
  mkdirSync(shadow);
  return {
    home,
    shadow,
    env: { LD_PRELOAD: shim, POWER_CUT_HOME: home, POWER_CUT_SHADOW: shadow },
    begin() {
      rmSync(shadow, { recursive: true });
      cpSync(home, shadow, { recursive: true });
    },
    cut(random, some) {
      if (some) {
        for (const name of filesIn(shadow)) mixBlocks(join(shadow, name), join(home, name), random);
      }
      rmSync(home, { recursive: true });
      cpSync(shadow, home, { recursive: true });
      // The lock and the shared memory of a process that is gone mean nothing after a boot.
      for (const name of filesIn(home)) if (/-shm$|^run\//.test(name)) rmSync(join(home, name));
    },
  };
}

function databaseSize(home: string): number {
  return statSync(join(home, "aleph.db")).size;
}

/** Replaces about half of the blocks that differ by what was last written; a longer file keeps its synced length. */
function mixBlocks(synced: string, written: string, random: () => number): void {
  if (!existsSync(written)) return;
  const [kept, newer] = [readFileSync(synced), readFileSync(written)];
  for (let at = 0; at + BLOCK <= Math.min(kept.length, newer.length); at += BLOCK) {
    if (random() < 0.5) newer.copy(kept, at, at, at + BLOCK);
  }
  writeFileSync(synced, kept);
}

function filesIn(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => statSync(join(folder, name)).isFile()).toSorted();
}

function readTree(folder: string): Record<string, string> {
  return Object.fromEntries(filesIn(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
