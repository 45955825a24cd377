/** What a disk does to its owner: it is full, read-only, broken or slow. */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openRawSocket } from "../../test/support/raw-socket.ts";
import { compilerObstacle, ERRNO, openFaults } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import { mountObstacle, openMount } from "./mount.ts";
import type { Rig } from "./rig.ts";
import type { Scenario } from "./scenario.ts";
import { expectAlive, expectRecovery, expectRefusal, expectRun, write, writeUntilRefused } from "./steady.ts";

const MOST = 20_000;

export const diskFull: Scenario = {
  name: "disk-full",
  summary: "a small tmpfs fills up: writes are refused with words, reads go on, and space that is freed is used",
  obstacle: mountObstacle,
  async run(rig) {
    await using disk = await openMount(join(rig.folder, "disk"), "size=24m");
    rig.home = join(disk.path, "home");
    rig.furnish();
    const ledger = new Ledger(rig.random);
    {
      await using server = await rig.start();
      await write(ledger, server, 50);
      fill(join(disk.path, "filler"));
      const refusal = await writeUntilRefused(ledger, server, MOST);
      expectRefusal(rig, "full", refusal, /disk is full/i);
      await expectAlive(rig, server, "full");
      using socket = await openRawSocket(server.url, server.token);
      const status = await socket.call<{ storage: { ok: boolean } }>("system.status");
      const { facts } = await socket.call<{ facts: unknown[] }>("memory.search", { query: "fact-7" });
      if (facts.length === 0) rig.problem("full: what was written cannot be read");
      rmSync(join(disk.path, "filler"));
      await write(ledger, server, 20).catch((error) => rig.problem(`space was freed: ${error}`));
      await expectRun(rig, server, "freed", "space was freed");
      fill(join(disk.path, "filler"));
      await writeUntilRefused(ledger, server, MOST);
      server.kill("SIGKILL");
      await server.finished;
      if (!status.storage) rig.problem("system.status does not tell of the storage");
    }
    const start = await rig.start().then(
      async (server) => {
        await expectAlive(rig, server, "started on a full disk");
        await server[Symbol.asyncDispose]();
        return "it starts";
      },
      (error: Error) => error.message,
    );
    const isClear = start === "it starts" || /disk is full/i.test(start);
    if (!isClear) rig.problem(`a start on a full disk says ${start}`);
    rmSync(join(disk.path, "filler"));
    await expectRecovery(rig, ledger, "after a full disk");
    return { acknowledged: ledger.acknowledged, start_on_full_disk: start.split("\n").at(-2) ?? start };
  },
};

export const readOnly: Scenario = {
  name: "read-only",
  summary: "a file system that turns read-only under the server, and a start on one",
  obstacle: () => mountObstacle() ?? compilerObstacle(),
  async run(rig) {
    await using disk = await openMount(join(rig.folder, "disk"), "size=64m");
    rig.home = join(disk.path, "home");
    rig.furnish();
    const ledger = new Ledger(rig.random);
    const faults = await openFaults(rig.folder, rig.home);
    {
      // The kernel refuses to remount while files are open for writing; what it does after an error of a device looks so.
      await using server = await rig.start({ env: faults.env });
      await write(ledger, server, 50);
      faults.set("write_errno", ERRNO.EROFS);
      expectRefusal(rig, "read-only", await writeUntilRefused(ledger, server, 50), /read-only|disk reports/i);
      await expectAlive(rig, server, "read-only");
      faults.set("write_errno", 0);
      await write(ledger, server, 20).catch((error) => rig.problem(`writable again: ${error}`));
      if (faults.hits() === 0) rig.problem("the shim was never asked");
      await rig.stop(server);
    }
    await disk.remount("ro");
    const { code, stderr } = await rig.refuse();
    if (code === 0 || !/read-only|writable/i.test(stderr)) rig.problem(`a start on it: code ${code}, ${stderr}`);
    await disk.remount("rw");
    await expectRecovery(rig, ledger, "writable again");
    return { acknowledged: ledger.acknowledged, hits: faults.hits(), start_says: firstLine(stderr), start_code: code };
  },
};

export const ioErrors: Scenario = {
  name: "io-errors",
  summary: "EIO on writes, on syncs and on reads; nothing is acknowledged that the disk did not take",
  obstacle: compilerObstacle,
  async run(rig) {
    rig.furnish();
    const ledger = new Ledger(rig.random);
    const faults = await openFaults(rig.folder, rig.home);
    {
      await using server = await rig.start({ env: faults.env });
      await write(ledger, server, 30);
      faults.set("write_errno", ERRNO.EIO);
      expectRefusal(rig, "EIO of a write", await writeUntilRefused(ledger, server, 50), /./);
      await expectAlive(rig, server, "EIO of a write");
      faults.set("write_errno", 0);
      await write(ledger, server, 10).catch((error) => rig.problem(`EIO of a write is over: ${error}`));
      server.kill("SIGKILL");
      await server.finished;
    }
    let refused = "";
    {
      await using server = await rig.start({ env: faults.env });
      await write(ledger, server, 10);
      faults.set("sync_errno", ERRNO.EIO);
      const refusal = await writeUntilRefused(ledger, server, 50);
      expectRefusal(rig, "EIO of a sync", refusal, /./);
      refused = `${refusal?.message}: ${refusal?.hint}`;
      // What the kernel dropped stays dropped: only a new start, which reads what is there, may go on.
      const { code, stderr } = await server.finished;
      if (code !== 1 || !/^Error: Disk reports an error$/m.test(stderr)) {
        rig.problem(`EIO of a sync: it ends with ${code}, ${stderr}`);
      }
      faults.set("sync_errno", 0);
    }
    await unreadable(rig, faults.env, (errno) => faults.set("read_errno", errno));
    await expectRecovery(rig, ledger, "after EIO");
    return { acknowledged: ledger.acknowledged, hits: faults.hits(), sync_refused: refused };
  },
};

async function unreadable(rig: Rig, env: Readonly<Record<string, string>>, fail: (errno: number) => void) {
  fail(ERRNO.EIO);
  const { code, stderr } = await rig.refuse({ env });
  fail(0);
  if (code === 0 || !/^Error: /m.test(stderr)) rig.problem(`unreadable: a start says ${code}, ${stderr}`);
}

const SLOW_US = 150_000;

export const slowDisk: Scenario = {
  name: "slow-disk",
  summary: "each sync takes 150 ms: what waits for it waits, nobody else does",
  obstacle: compilerObstacle,
  async run(rig) {
    rig.furnish();
    const ledger = new Ledger(rig.random);
    const faults = await openFaults(rig.folder, rig.home);
    const health: number[] = [];
    const began = performance.now();
    {
      await using server = await rig.start({ env: faults.env });
      faults.set("sync_delay_us", SLOW_US);
      const over = new AbortController();
      const asking = (async () => {
        while (!over.signal.aborted) {
          const before = performance.now();
          await expectAlive(rig, server, "slow");
          health.push(performance.now() - before);
          await Bun.sleep(10);
        }
      })();
      await Promise.all(Array.from({ length: 20 }, () => write(ledger, server, 5)));
      await expectRun(rig, server, "slow", "slow");
      over.abort();
      await asking;
      server.kill("SIGKILL");
      await server.finished;
    }
    const seconds = (performance.now() - began) / 1000;
    await expectRecovery(rig, ledger, "after a slow disk");
    if (faults.hits() === 0) rig.problem("the shim was never asked");
    const sorted = health.toSorted((a, b) => a - b);
    const median = sorted[sorted.length >> 1] ?? 0;
    // A loop that waits for the disk would take at least one sync for each.
    if (median * 1000 > SLOW_US / 2) rig.problem(`/health takes ${median} ms in the middle`);
    return {
      acknowledged: ledger.acknowledged,
      syncs: faults.hits(),
      writes_per_second: Math.round(ledger.acknowledged / seconds),
      health_median_ms: round(median),
      health_worst_ms: round(sorted.at(-1) ?? 0),
    };
  },
};

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function firstLine(text: string): string {
  return text.split("\n").find((line) => line.startsWith("Error: ")) ?? text.slice(0, 200);
}

/** Takes what is left of the file system. */
function fill(path: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  const file = openSync(path, "a");
  try {
    for (let size = 1024 * 1024; size >= 512; ) {
      try {
        if (writeSync(file, new Uint8Array(size)) < size) size /= 2;
      } catch {
        size /= 2;
      }
    }
  } finally {
    closeSync(file);
  }
}
