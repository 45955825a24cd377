/** Completion scripts that were installed for this person and are not those of this version any more. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findings, wordsOf } from "../../doctor/findings.ts";
import { writeAtomic } from "../../lib/atomic-write.ts";
import type { Finding } from "../../protocol/finding.ts";
import { completionScript } from "../completion/script.ts";
import type { Repair } from "./repairs.ts";

/** Where `aleph completions` says that they go, below the person's home folder. */
const PLACES = {
  bash: ".local/share/bash-completion/completions/aleph",
  zsh: ".zfunc/_aleph",
  fish: ".config/fish/completions/aleph.fish",
} as const;

const OURS = /Completion of aleph for /;

export async function checkCompletions(
  userHome: string,
): Promise<{ readonly found: readonly Finding[]; readonly repairs: readonly Repair[] }> {
  const { ok, warn } = findings("completions");
  const found: Finding[] = [];
  const repairs: Repair[] = [];
  for (const [shell, place] of Object.entries(PLACES)) {
    const path = join(userHome, place);
    if (!existsSync(path)) continue;
    const kept = readOrWhy(path);
    if (typeof kept !== "string") {
      found.push(warn(`${path} cannot be read: ${wordsOf(kept)}`, "Check who owns it, and its mode"));
      continue;
    }
    const script = await completionScript(shell);
    // A file that somebody else wrote is theirs.
    if (!OURS.test(kept) || script === undefined) continue;
    if (kept === script) found.push(ok(`${path} is of this version`));
    else {
      const old = warn(`${path} is of another version`, `aleph completions ${shell} > ${path}`);
      found.push(old);
      const run = () => writeAtomic(path, script, 0o644);
      repairs.push({ what: `Write ${path} anew`, safe: true, mends: [old], run });
    }
  }
  return { found, repairs };
}

function readOrWhy(path: string): string | Error {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    return error as Error;
  }
}
