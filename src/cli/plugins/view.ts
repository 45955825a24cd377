/** How the commands about plugins show one. */
import type { Result } from "../../client/client.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import type { Output } from "../terminal.ts";

export type ShownPlugin = Result<"plugins.list">["plugins"][number];

/** What it may do, in plain words, before somebody lets it. */
export function writeRequest(output: Output, plugin: ShownPlugin): void {
  const { bold, yellow } = output.style;
  const { id, name, version, kind, author, description, permissions_summary: summary, sandbox, sha256 } = plugin;
  const by = author === null || author === "" ? "" : ` by ${author}`;
  output.write(
    `\n${bold(printableLine(`${name ?? id} ${version ?? ""}`))}${printableLine(`${by}: ${description ?? ""}`)}\n`,
  );
  if (summary.length === 0) output.write("  It does nothing by itself\n");
  for (const line of summary) output.write(`  • ${printableLine(line)}\n`);
  if (kind !== "static" && sandbox === "none") {
    output.write(yellow("  Nothing on this machine can confine it: it will not start. See aleph doctor\n"));
  }
  if (sha256 !== null) output.write(`${output.style.dim(`  sha256 ${sha256}`)}\n`);
  output.write("\n");
}

/** What is to be done about it, when something is. */
export function nextStep({ id, status, awaits, error, serving }: ShownPlugin, program: string): string | undefined {
  const still = serving === null ? "" : `; version ${serving.version} goes on until then`;
  switch (status) {
    case "pending": {
      const why = {
        approval: "waits for your approval",
        permissions: "wants more than it has",
        content: "has other files than those that were approved",
      }[awaits ?? "approval"];
      return `${id} ${why}${still}: ${program} plugins approve ${id}`;
    }
    case "error":
      return `${id} cannot be used${still}: ${error?.message ?? "unknown reason"}`;
    case "disabled":
      return `${id} is switched off: ${program} plugins enable ${id}`;
    case "stopped":
      return error ? `${id}: ${error.message}` : "Plugins are switched off by extensions.enabled in the config";
    default:
      return undefined;
  }
}

/** Where its channels are switched on; of those that came with Aleph also where it says how. */
export function settingsHint({ channels, source, path, status }: ShownPlugin): string | undefined {
  if (channels.length === 0 || status === "disabled") return undefined;
  const tables = channels.map(({ name }) => `[interfaces.${name}]`).join(", ");
  const how = source === "bundled" ? `; how, says ${path}/README.md` : "";
  return `It brings messages when the config has ${tables}${how}`;
}
