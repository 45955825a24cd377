/** What a reader of another program's files gives, and the small steps that all readers share. */
import type { ImportedConversation, ImportedMessage, ImportSource } from "../protocol/imported.ts";
import type { MessagePart } from "../protocol/message.ts";

/** Something that could not be read; the rest was. */
export interface Fault {
  /** From 1; nothing where the file has no lines. */
  readonly line: number | undefined;
  readonly message: string;
}

export interface Reading {
  readonly source: ImportSource;
  readonly conversations: readonly ImportedConversation[];
  readonly faults: readonly Fault[];
  /** What was left out on purpose, with how often: `3 images`. */
  readonly leftOut: LeftOut;
}

export class LeftOut {
  readonly #counts = new Map<string, number>();

  add(what: string, count = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + count);
  }

  merge(other: LeftOut): void {
    for (const [what, count] of other.#counts) this.add(what, count);
  }

  get all(): readonly { readonly what: string; readonly count: number }[] {
    return [...this.#counts].map(([what, count]) => ({ what, count }));
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export interface Line {
  readonly number: number;
  readonly fields: Fields;
}

/** The objects of a file of JSON lines; what is none is a fault. */
export function readLines(text: string, faults: Fault[]): readonly Line[] {
  const lines: Line[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const number = at + 1;
    try {
      const value: unknown = JSON.parse(line);
      if (isFields(value)) lines.push({ number, fields: value });
      else faults.push({ line: number, message: "not a JSON object" });
    } catch {
      faults.push({ line: number, message: "not JSON" });
    }
  }
  return lines;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Unix milliseconds of an ISO date, of milliseconds or of seconds. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value === "number" && Number.isFinite(value) && value > 0) {
    return Math.round(value < 1e11 ? value * 1000 : value);
  }
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) || time < 0 ? undefined : time;
}

/** More than this of one text is of no use to anybody and does not fit into a request. */
const MAX_TEXT = 400_000;

export function limited(text: string, leftOut: LeftOut): string {
  if (text.length <= MAX_TEXT) return text;
  leftOut.add("ends of very long texts");
  const cut = text.length - MAX_TEXT;
  return `${text.slice(0, MAX_TEXT).toWellFormed()}\n[${cut} more characters were not imported]`;
}

export function textPart(text: string, leftOut: LeftOut): MessagePart {
  return { type: "text", text: limited(text, leftOut) };
}

/** A short name for a file that is not taken in, where it stood. */
export function fileNote(mime: string, leftOut: LeftOut): MessagePart {
  leftOut.add("files and images");
  return { type: "text", text: `[${mime}, not imported]` };
}

export function conversationOf(
  id: string,
  title: string | undefined,
  messages: readonly ImportedMessage[],
  createdAt: number | undefined,
): ImportedConversation {
  const name = title?.replace(/\s+/g, " ").trim().slice(0, 200).toWellFormed();
  return {
    id: id.slice(0, 500),
    title: name === undefined || name === "" ? null : name,
    created_at: createdAt ?? messages[0]?.ts ?? 0,
    messages: [...messages],
  };
}

/** One step of a conversation that may have been taken back and gone another way. */
export interface Node<T> {
  readonly id: string;
  readonly parent: string | undefined;
  readonly value: T;
}

/**
 * Those nodes, in order, that lead to the last one. Where a parent is missing, because its line is damaged, what stands
 * before it in the file is taken for it.
 */
export function currentBranch<T>(nodes: readonly Node<T>[]): ReadonlySet<T> {
  const places = new Map(nodes.map(({ id }, at) => [id, at]));
  const branch = new Set<T>();
  for (let at = nodes.length - 1; at >= 0; ) {
    const { parent, value } = nodes[at]!;
    branch.add(value);
    if (parent === undefined) break;
    const place = places.get(parent);
    at = place !== undefined && place < at ? place : at - 1;
  }
  return branch;
}
