/** The doctor of a server: looks at the machine as the CLI's does, at the server itself, and asks the providers. */
import type { Environment } from "../config/environment.ts";
import type { Home } from "../config/home.ts";
import { formatDuration } from "../lib/human-units.ts";
import type { Finding, Fix } from "../protocol/finding.ts";
import { findings } from "./findings.ts";
import { examineMachine } from "./machine.ts";
import { mend } from "./mend.ts";
import { checkModels, type ProvidersAsked } from "./models.ts";

export interface DoctorOptions {
  readonly home: Home;
  readonly env: Environment;
  readonly now: () => number;
  /** Asks each provider for its models. */
  readonly askProviders: (signal: AbortSignal) => Promise<ProvidersAsked>;
  readonly status: () => ServerState;
}

export interface ServerState {
  readonly uptime_ms: number;
  readonly storage: { readonly ok: boolean; readonly error?: string | undefined };
  readonly event_loop: { readonly longest_stall_ms: number; readonly stalls: number };
}

export class Doctor {
  readonly #o: DoctorOptions;

  constructor(options: DoctorOptions) {
    this.#o = options;
  }

  /** Rejects only when `signal` does: what cannot be looked at is a finding. */
  async examine(signal: AbortSignal): Promise<readonly Finding[]> {
    const { home, env, now } = this.#o;
    const asked = this.#o.askProviders(signal);
    // Awaited below, after checks that take a while.
    asked.catch(() => "told below");
    const found: Finding[] = [];
    for await (const some of examineMachine({ home, env, now: now() })) found.push(...some);
    found.push(...checkServer(this.#o.status()), ...checkModels(await asked));
    return found;
  }

  mend(fix: Fix): void {
    mend(this.#o.home, fix);
  }
}

/** Longer than this, everybody who talks with the server has felt it. */
const LONG_STALL_MS = 2000;

function checkServer({ uptime_ms, storage, event_loop }: ServerState): readonly Finding[] {
  const { ok, warn, fail } = findings("server");
  if (!storage.ok) {
    return [
      fail(`nothing can be saved: ${storage.error ?? "no reason given"}`, "Mend the disk, then start Aleph again"),
    ];
  }
  if (event_loop.longest_stall_ms > LONG_STALL_MS) {
    return [
      warn(
        `runs since ${formatDuration(uptime_ms)}, and once stood still for ${formatDuration(event_loop.longest_stall_ms)}`,
        "Look in the log for what it did then; a machine that sleeps or swaps does it too",
      ),
    ];
  }
  return [ok(`runs since ${formatDuration(uptime_ms)}`)];
}
