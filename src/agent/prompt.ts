/** The system prompt: what never changes first, what changes most last, so that provider caches hit. */
import { isAbsolute, join } from "node:path";
import type { AgentTable } from "../config/schema.ts";
import base from "./prompt.md" with { type: "text" };
import { readOwnFiles } from "./workspace-files.ts";

export interface PromptOptions {
  readonly agent: string;
  readonly table: AgentTable | undefined;
  readonly workspace: string;
  /** Without what stands in the workspace: what the owner and the model wrote down there is not for others. */
  readonly forGuest: boolean;
  /** Whether a stranger may have filled the workspace. */
  readonly foreign: boolean;
  /** What plugins and skills add, in a stable order. */
  readonly added: Promise<readonly string[]>;
  readonly now: number;
  readonly timeZone: string;
}

export interface Prompt {
  /** In order. */
  readonly parts: readonly string[];
  /** Whether a stranger may have written something of it. */
  readonly untrusted: boolean;
}

/** Throws the system's error when a prompt file that the config names cannot be read. */
export async function buildPrompt(options: PromptOptions): Promise<Prompt> {
  const { agent, table, workspace, forGuest, foreign, now, timeZone } = options;
  const files = (table?.prompt_files ?? []).map((path) => (isAbsolute(path) ? path : join(workspace, path)));
  const [added, notes, ...own] = await Promise.all([
    options.added,
    forGuest ? [] : readOwnFiles(workspace, { without: files, foreign }),
    ...files.map((path) => Bun.file(path).text()),
  ]);
  const parts = [
    base.trim(),
    ...[table?.prompt ?? "", ...own].map((text) => text.trim()).filter((text) => text !== ""),
    ...notes,
    ...added,
    environment({ agent, workspace, now, timeZone }),
  ];
  return { parts, untrusted: foreign && notes.length > 0 };
}

function environment({
  agent,
  workspace,
  now,
  timeZone,
}: Pick<PromptOptions, "agent" | "workspace" | "now" | "timeZone">): string {
  // The day, not the minute: the text stays the same from turn to turn. The tool `time` knows better.
  const day = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "full" }).format(now);
  return [
    `Agent: ${agent}`,
    `Workspace: ${workspace}`,
    `System: ${process.platform}`,
    `Today: ${day} (${timeZone})`,
  ].join("\n");
}
