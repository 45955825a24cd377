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
  /** What plugins and skills add, in a stable order. */
  readonly added: Promise<readonly string[]>;
  readonly now: number;
  readonly timeZone: string;
}

/** Each element is one part. Throws the system's error when a prompt file that the config names cannot be read. */
export async function buildPrompt(options: PromptOptions): Promise<readonly string[]> {
  const { agent, table, workspace, forGuest, now, timeZone } = options;
  const files = (table?.prompt_files ?? []).map((path) => (isAbsolute(path) ? path : join(workspace, path)));
  const [added, notes, ...own] = await Promise.all([
    options.added,
    forGuest ? [] : readOwnFiles(workspace, files),
    ...files.map((path) => Bun.file(path).text()),
  ]);
  return [
    base.trim(),
    ...[table?.prompt ?? "", ...own].map((text) => text.trim()).filter((text) => text !== ""),
    ...notes,
    ...added,
    environment({ agent, workspace, now, timeZone }),
  ];
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
