/** Named agents as Markdown files: `ALEPH_HOME/agents/<name>.md`, frontmatter for the table, the text for the prompt. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AgentTable, Config } from "../config/schema.ts";
import { fingerprint } from "../lib/fingerprint.ts";
import { readFrontmatter } from "../lib/frontmatter.ts";
import type { Log } from "../lib/log.ts";
import { nearest } from "../lib/nearest.ts";
import type { ThinkingLevel } from "../protocol/message.ts";

export interface AgentFilesOptions {
  /** ALEPH_HOME/agents; need not exist. */
  readonly folder: string;
  readonly config: () => Config;
  readonly log: Log;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const KEYS = ["name", "description", "model", "thinking", "tools", "deny", "workspace"];
const LEVELS: readonly string[] = ["off", "low", "medium", "high"] satisfies readonly ThinkingLevel[];
const MAX_BYTES = 128 * 1024;

interface Known {
  readonly stamp: string;
  readonly table: AgentTable | undefined;
}

/** The config with the agents of the files; what config.toml says of an agent goes before its file. */
export function withAgentFiles({ folder, config, log }: AgentFilesOptions): () => Config {
  const known = new Map<string, Known>();
  let last: { readonly base: Config; readonly stamp: string; readonly merged: Config } | undefined;

  function read(name: string, stamp: string): AgentTable | undefined {
    const before = known.get(name);
    if (before?.stamp === stamp) return before.table;
    const file = `agents/${name}.md`;
    const faults: string[] = [];
    const table = parseAgent(readFileSync(join(folder, `${name}.md`), "utf8"), name, (line, message) =>
      faults.push(`${file}:${line}: ${message}`),
    );
    for (const fault of faults) log.warn("agent file is not valid", { fault });
    // What was in force stays, as with a config that is broken.
    const kept = faults.length === 0 ? table : before?.table;
    known.set(name, { stamp, table: kept });
    return kept;
  }

  return () => {
    const base = config();
    const names = namesIn(folder);
    if (names.length === 0) return base;
    const stamps = names.map((name) => fingerprint(join(folder, `${name}.md`)));
    const stamp = names.map((name, index) => `${name} ${stamps[index]}`).join("\n");
    if (last?.base === base && last.stamp === stamp) return last.merged;
    const tables = names.flatMap((name, index) => {
      const table = read(name, stamps[index]!);
      return table ? [[name, table] as const] : [];
    });
    const merged = { ...base, agents: { ...Object.fromEntries(tables), ...base.agents } };
    last = { base, stamp, merged };
    return merged;
  };
}

function namesIn(folder: string): readonly string[] {
  // Asked many times in a turn; mostly there is none.
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return [];
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(".md") && NAME.test(file.slice(0, -3)))
      .map((file) => file.slice(0, -3))
      .sort();
  } catch {
    // Gone, or no folder.
    return [];
  }
}

function parseAgent(
  source: string,
  name: string,
  wrong: (line: number, message: string) => void,
): AgentTable | undefined {
  if (source.length > MAX_BYTES) {
    wrong(1, `has more than ${MAX_BYTES / 1024} KiB`);
    return undefined;
  }
  const found = readFrontmatter(source);
  if ("fault" in found) {
    wrong(found.fault.line, found.fault.message);
    return undefined;
  }
  const { fields, body, lineOf } = found;
  const text = (key: string): string | undefined => {
    const value = fields[key] ?? undefined;
    if (value === undefined || typeof value === "string") return value;
    wrong(lineOf(key), `"${key}" must be text`);
    return undefined;
  };
  const list = (key: string): string[] | undefined => {
    const value = fields[key] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value === "string") return value.split(/[\s,]+/).filter((word) => word !== "");
    if (Array.isArray(value) && value.every((word) => typeof word === "string")) return value;
    wrong(lineOf(key), `"${key}" must be names of tools`);
    return undefined;
  };
  for (const key of Object.keys(fields)) {
    if (KEYS.includes(key)) continue;
    const near = nearest(key, KEYS);
    wrong(lineOf(key), `"${key}" is not known; ${near ? `did you mean "${near}"?` : `known are ${KEYS.join(", ")}`}`);
  }
  if ((text("name") ?? name) !== name) wrong(lineOf("name"), `"name" must be the name of the file, "${name}"`);
  const thinking = text("thinking");
  if (thinking !== undefined && !LEVELS.includes(thinking)) {
    wrong(lineOf("thinking"), `"thinking" must be one of ${LEVELS.join(", ")}`);
  }
  const [description, model, workspace, allow, deny] = [
    text("description"),
    text("model"),
    text("workspace"),
    list("tools"),
    list("deny"),
  ];
  return {
    ...(description === undefined ? {} : { description }),
    ...(model === undefined ? {} : { model }),
    ...(workspace === undefined ? {} : { workspace }),
    ...(thinking === undefined ? {} : { thinking: thinking as ThinkingLevel }),
    ...(allow || deny ? { tools: { ...(allow ? { allow } : {}), ...(deny ? { deny } : {}) } } : {}),
    ...(body === "" ? {} : { prompt: body }),
  };
}
