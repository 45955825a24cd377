/** What all measurements share: the two programs, how they are started, and how numbers are summed up. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** One row of the table. */
export interface Row {
  readonly name: string;
  readonly aleph: string;
  readonly baseline: string;
  /** What must hold, and whether it does; rows without a bar are for information. */
  readonly bar?: { readonly text: string; readonly value: string; readonly holds: boolean };
}

export interface Programs {
  readonly aleph: string;
  readonly baseline: string;
  /** Bun, Hono and nothing that a request does not need; of `relay.ts`. */
  readonly relay: string;
}

export interface Started extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** Milliseconds from just before the exec to the first 200 of `/health`. */
  readonly startMs: number;
}

/** Limits protect against runaways; a benchmark is one. */
const CONFIG = `[limits.rate]\nread = 0\nwrite = 0\nrun = 0\nhttp = 0\n`;

export function makeHome(config = ""): Disposable & { readonly path: string } {
  const root = join(import.meta.dir, "../../.cache/bench");
  mkdirSync(root, { recursive: true });
  const path = mkdtempSync(join(root, "home-"));
  writeFileSync(join(path, "config.toml"), `${config}\n${CONFIG}`, { mode: 0o600 });
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A server that answers `/health`; the rest may still be under way. */
export async function startAleph(programs: Pick<Programs, "aleph">, home: string): Promise<Started> {
  const port = freePort();
  return await startProgram([programs.aleph, "serve", "--port", String(port)], port, home);
}

/** A server that takes work, and its owner's token. */
export async function startReadyAleph(
  programs: Pick<Programs, "aleph">,
  home: string,
): Promise<Started & { readonly token: string }> {
  const started = await startAleph(programs, home);
  await waitReady(started);
  return { ...started, token: readFileSync(join(home, "credentials/token"), "utf8").trim() };
}

export function waitReady({ port }: Started): Promise<void> {
  return firstOk(`http://127.0.0.1:${port}/ready`, () => false);
}

export async function startBaseline(programs: Programs): Promise<Started> {
  const port = freePort();
  return await startProgram([programs.baseline, String(port)], port, undefined);
}

/** Any other server with a `/health`. */
export async function startOther(command: (port: number) => readonly string[]): Promise<Started> {
  const port = freePort();
  return await startProgram(command(port), port, undefined);
}

async function startProgram(command: readonly string[], port: number, home: string | undefined): Promise<Started> {
  const env = { PATH: process.env.PATH ?? "", ...(home === undefined ? {} : { HOME: home, ALEPH_HOME: home }) };
  const began = performance.now();
  const child = Bun.spawn([...command], { env, stdio: ["ignore", "ignore", "ignore"] });
  try {
    await firstOk(`http://127.0.0.1:${port}/health`, () => child.exitCode !== null);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  const startMs = performance.now() - began;
  return {
    pid: child.pid,
    port,
    startMs,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

/** Asks again at once, so that the answer is as fine as one refused connection. */
async function firstOk(url: string, ended: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline && !ended()) {
    try {
      const response = await fetch(url);
      if (response.status === 200) return;
    } catch {
      // Refused: it does not listen yet.
    }
  }
  throw new Error(`${url} does not answer`);
}

function freePort(): number {
  using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  return server.port;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function ms(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 1)} ms`;
}

export function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString("en-US")}/s`;
}
