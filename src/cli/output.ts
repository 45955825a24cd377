/** Results for programs. */
import { printableJson } from "../lib/terminal-text.ts";
import type { Output } from "./terminal.ts";

/** One line for a program, indented for a person. */
export function writeJson(output: Output, value: unknown): void {
  output.write(`${printableJson(value, output.isTerminal ? 2 : undefined)}\n`);
}
