/** Time from exec to the first 200 of `/health`, and memory when nothing happens. */
import { readFileSync } from "node:fs";
import { makeHome, median, ms, type Programs, type Row, startAleph, startBaseline, waitReady } from "./bench.ts";

const STARTS = 15;
const SETTLE_MS = 3000;
const START_BAR = 2;
const MEMORY_BAR = 1.7;

export async function measureStart(programs: Programs): Promise<readonly Row[]> {
  using home = makeHome();
  const first = await timeStart(() => startAleph(programs, home.path));
  await timeStart(() => startBaseline(programs));
  const aleph: number[] = [];
  const ready: number[] = [];
  const baseline: number[] = [];
  for (let round = 0; round < STARTS; round++) {
    baseline.push(await timeStart(() => startBaseline(programs)));
    await using started = await startAleph(programs, home.path);
    aleph.push(started.startMs);
    const began = performance.now();
    await waitReady(started);
    ready.push(started.startMs + performance.now() - began);
  }
  const ratio = median(aleph) / median(baseline);
  return [
    {
      name: `exec to the first 200 of /health, median of ${STARTS}`,
      aleph: ms(median(aleph)),
      baseline: ms(median(baseline)),
      bar: { text: `≤ ${START_BAR}×`, value: `${ratio.toFixed(2)}×`, holds: ratio <= START_BAR },
    },
    { name: "exec to the first 200 of /ready, when it takes work", aleph: ms(median(ready)), baseline: "" },
    { name: "the very first start, which makes home and database", aleph: ms(first), baseline: "" },
  ];
}

async function timeStart(start: () => Promise<AsyncDisposable & { readonly startMs: number }>): Promise<number> {
  await using started = await start();
  return started.startMs;
}

export async function measureMemory(programs: Programs): Promise<readonly Row[]> {
  using home = makeHome();
  const samples = { aleph: [] as Memory[], baseline: [] as Memory[] };
  for (let round = 0; round < 3; round++) {
    samples.baseline.push(await idleMemory(() => startBaseline(programs)));
    samples.aleph.push(await idleMemory(() => startAleph(programs, home.path)));
  }
  return (["rss", "pss"] as const).map((kind) => {
    const aleph = median(samples.aleph.map((sample) => sample[kind]));
    const baseline = median(samples.baseline.map((sample) => sample[kind]));
    const ratio = aleph / baseline;
    return {
      name: `idle memory, ${kind.toUpperCase()}`,
      aleph: `${(aleph / 1024).toFixed(1)} MiB`,
      baseline: `${(baseline / 1024).toFixed(1)} MiB`,
      bar: { text: `≤ ${MEMORY_BAR}×`, value: `${ratio.toFixed(2)}×`, holds: ratio <= MEMORY_BAR },
    };
  });
}

export interface Memory {
  readonly rss: number;
  readonly pss: number;
}

export async function idleMemory(start: () => Promise<AsyncDisposable & { readonly pid: number }>): Promise<Memory> {
  await using started = await start();
  await Bun.sleep(SETTLE_MS);
  const rollup = readFileSync(`/proc/${started.pid}/smaps_rollup`, "utf8");
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1]);
  return { rss: kilobytes("Rss"), pss: kilobytes("Pss") };
}
