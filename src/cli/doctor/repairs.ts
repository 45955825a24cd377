/** `aleph doctor --fix`: what of the findings can be mended, by itself where nothing can be lost, else when the person agrees. */

import type { Home } from "../../config/home.ts";
import { wordsOf } from "../../doctor/findings.ts";
import { mend } from "../../doctor/mend.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import type { Finding, Fix } from "../../protocol/finding.ts";
import { confirm } from "../question.ts";
import type { Terminal } from "../terminal.ts";

const FIX_WORDS: Readonly<Record<Fix, string>> = {
  close_home: "Take the home from other users",
  close_credentials: "Take the files of secrets from other users",
};

export interface Repair {
  /** What it does, as a sentence without a full stop. */
  readonly what: string;
  /** Whether nothing can be lost by it, so that nobody need be asked. */
  readonly safe: boolean;
  /** What is well when it is done. */
  readonly mends: readonly Finding[];
  readonly run: () => void | Promise<void>;
}

/** What became of one. */
export interface Repaired {
  readonly what: string;
  readonly status: "done" | "would" | "left" | "failed";
  readonly error?: string;
}

export interface RepairOptions {
  readonly dryRun: boolean;
  /** Agrees to those that ask. */
  readonly yes: boolean;
  /** Nobody reads along: nothing is asked, nothing is told. */
  readonly quiet: boolean;
}

/** Each once, however many findings name it. */
export function repairsOf(home: Home, found: readonly Finding[]): readonly Repair[] {
  const fixes = new Set(found.flatMap(({ fix }) => fix ?? []));
  return [...fixes].map((fix) => ({
    what: FIX_WORDS[fix],
    safe: true,
    mends: found.filter((finding) => finding.fix === fix),
    run: () => mend(home, fix),
  }));
}

/** Answers for each, in their order. */
export async function repair(
  repairs: readonly Repair[],
  terminal: Terminal,
  { dryRun, yes, quiet }: RepairOptions,
): Promise<readonly Repaired[]> {
  const done: Repaired[] = [];
  for (const { what, safe, run } of repairs) {
    const ask = !safe && !yes && !dryRun && terminal.interactive && !quiet;
    const agreed = safe || yes || (ask && (await confirm(terminal, `${what}?`, false)));
    if (dryRun) done.push({ what, status: "would" });
    else if (!agreed) done.push({ what, status: "left" });
    else done.push(await attempt(what, run));
    if (!quiet) tell(terminal, done.at(-1)!);
  }
  return done;
}

async function attempt(what: string, run: Repair["run"]): Promise<Repaired> {
  try {
    await run();
    return { what, status: "done" };
  } catch (thrown) {
    return { what, status: "failed", error: wordsOf(thrown) };
  }
}

const SAID = { done: "Done", would: "Would", left: "Left; --yes agrees to it", failed: "Failed" } as const;

function tell({ out }: Terminal, { what, status, error }: Repaired): void {
  const { green, yellow, red } = out.style;
  const colour = { done: green, would: yellow, left: yellow, failed: red }[status];
  out.write(
    `${colour(SAID[status])}: ${printableLine(what)}${error === undefined ? "" : ` (${printableLine(error)})`}\n`,
  );
}
