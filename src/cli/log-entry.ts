/** One line of a server's log, for a person. */
import type { Result } from "../client/client.ts";
import { printableLine } from "../lib/terminal-text.ts";
import type { Output } from "./terminal.ts";

export type ShownEntry = Result<"logs.tail">["entries"][number];

export function writeLogEntry(out: Output, { ts, level, message, fields }: ShownEntry): void {
  const { dim, yellow, red, cyan } = out.style;
  const colour = { debug: dim, info: cyan, warn: yellow, error: red }[level];
  const facts = Object.entries(fields)
    .filter(([name]) => name !== "stack")
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const told = printableLine([message, ...facts].join("  "));
  out.write(`${dim(new Date(ts).toLocaleTimeString("sv"))} ${colour(level.padEnd(5))} ${told}\n`);
}
