/** What a tool gave back, as the commands that call one show it. */
import type { Result } from "../client/client.ts";
import { printable, printableLine } from "../lib/terminal-text.ts";
import type { Terminal } from "./terminal.ts";

/** The text byte for byte on a pipe; files that came with it are named. */
export function writeOutcome({ result, ok, media = [] }: Result<"tool.call">, { out, err }: Terminal): void {
  const text = out.isTerminal ? printable(result) : result;
  const where = ok ? out : err;
  if (text !== "") where.write(text.endsWith("\n") ? text : `${text}\n`);
  for (const { name, mime, media_id } of media) {
    err.write(`File ${printableLine(name ?? media_id)} (${mime}): ${media_id}\n`);
  }
}
