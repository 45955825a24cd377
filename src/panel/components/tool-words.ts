/** A tool call in one line, and values of any kind as text. */
import { printable } from "../../lib/terminal-text.ts";
import type { ToolBlock } from "../state/answer.ts";

/** What a call is about, by the name of the argument that says it; the first one present wins. */
const TELLING = ["command", "path", "url", "pattern", "query", "message", "name", "action", "tz"];

export function argumentOf({ tool, args }: Pick<ToolBlock, "tool" | "args">): string {
  if (typeof args === "string") return oneLine(args);
  if (typeof args !== "object" || args === null) return "";
  const values = args as Record<string, unknown>;
  const name = TELLING.find((known) => typeof values[known] === "string" && values[known] !== "");
  const found = name === undefined ? Object.values(values).find((value) => typeof value === "string") : values[name];
  const text = typeof found === "string" ? oneLine(found) : "";
  return tool === "exec" && text !== "" ? `$ ${text}` : text;
}

function oneLine(text: string): string {
  const line = text.trim().replace(/\s*\n\s*/g, " ⏎ ");
  return printable(line.length > 200 ? `${line.slice(0, 199)}…` : line);
}

/** For running text: controls show as escapes, so that nothing reorders what is read. */
export function asText(value: unknown): string {
  return printable(plainText(value));
}

/** Text as it is, a list of simple values in one line, everything else as JSON. */
function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  const isSimple =
    Array.isArray(value) && value.length > 0 && value.every((item) => typeof item !== "object" || item === null);
  return isSimple ? value.map((item) => JSON.stringify(item)).join(", ") : JSON.stringify(value, null, 2);
}

/**
 * For what a person allows or denies: every character that is not seen, or turns the direction of what follows, by its
 * number. Line ends and tabs stay.
 */
export function exactText(value: unknown): string {
  return plainText(value).replace(
    /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (character) => {
      const number = character.codePointAt(0)!.toString(16).toUpperCase();
      return `⟨U+${number.padStart(4, "0")}⟩`;
    },
  );
}
