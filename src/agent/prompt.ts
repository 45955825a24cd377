/**
 * The system prompt, part by part: what never changes first, what changes most last, so that provider caches hit. Each part is made
 * in a file of its own and has a size that it may not exceed.
 */
import { isAbsolute, join } from "node:path";
import type { AgentTable } from "../config/schema.ts";
import { environment } from "./environment.ts";
import { type Place, placePrompt } from "./place.ts";
import base from "./prompt.md" with { type: "text" };
import { readOwnFiles } from "./workspace-files.ts";

/** In the order of the prompt, with the characters that each may have. */
export const PROMPT_PARTS = {
  base: 8_000,
  /** What config.toml or the agent's file says of it. */
  agent: 132_000,
  /** Its prompt files. */
  files: 132_000,
  plugins: 24_000,
  skills: 10_000,
  agents: 8_000,
  /** AGENTS.md and SOUL.md of the workspace. */
  notes: 68_000,
  place: 2_000,
  environment: 2_000,
} as const;
export type PromptPartName = keyof typeof PROMPT_PARTS;

export interface PromptOptions {
  readonly agent: string;
  readonly table: AgentTable | undefined;
  readonly workspace: string;
  /** Without what stands in the workspace: what the owner and the model wrote down there is not for others. */
  readonly forGuest: boolean;
  /** Whether a stranger may have filled the workspace. */
  readonly foreign: boolean;
  /** What plugins, skills and named agents add, each in a stable order. */
  readonly added: Promise<Readonly<Record<"plugins" | "skills" | "agents", readonly string[]>>>;
  readonly place: Promise<Place | undefined>;
  readonly now: number;
  readonly timeZone: string;
}

export interface PromptPart {
  readonly name: PromptPartName;
  readonly text: string;
}

export interface Prompt {
  /** In order; none is empty. */
  readonly parts: readonly PromptPart[];
  /** Whether a stranger may have written something of it. */
  readonly untrusted: boolean;
}

/** Throws the system's error when a prompt file that the config names cannot be read. */
export async function buildPrompt(options: PromptOptions): Promise<Prompt> {
  const { agent, table, workspace, forGuest, foreign, now, timeZone } = options;
  const paths = (table?.prompt_files ?? []).map((path) => (isAbsolute(path) ? path : join(workspace, path)));
  const [added, place, notes, ...files] = await Promise.all([
    options.added,
    options.place,
    forGuest ? [] : readOwnFiles(workspace, { without: paths, foreign }),
    ...paths.map((path) => Bun.file(path).text()),
  ]);
  const texts: Readonly<Record<PromptPartName, readonly string[]>> = {
    base: [base],
    agent: [table?.prompt ?? ""],
    files,
    ...added,
    notes,
    place: place ? [placePrompt(place)] : [],
    environment: [environment({ agent, workspace, now, timeZone })],
  };
  const names = Object.keys(PROMPT_PARTS) as PromptPartName[];
  const parts = names.flatMap((name) => within(PROMPT_PARTS[name], texts[name]).map((text) => ({ name, text })));
  return { parts, untrusted: foreign && notes.length > 0 };
}

/** What exceeds the part's size is left out, and that is said. */
function within(most: number, texts: readonly string[]): readonly string[] {
  let left = most;
  return texts.flatMap((text) => {
    const whole = text.trim();
    if (whole === "" || left <= 0) return [];
    const kept = whole.length <= left ? whole : `${whole.slice(0, left).toWellFormed()}\n[The rest is left out]`;
    left -= whole.length;
    return [kept];
  });
}
