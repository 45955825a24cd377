/** Notes of the older part of a conversation, made by a model, always in the same sections. */
import { AlephError } from "../protocol/errors.ts";
import type { MessagePart, Usage } from "../protocol/message.ts";
import { addUsage } from "../protocol/usage.ts";
import { type ChainOptions, streamWithFailover } from "../providers/chain.ts";
import type { PlacedMessage } from "../session/messages.ts";
import type { Spender } from "../usage/budget.ts";
import type { Ledger } from "../usage/ledger.ts";
import prompt from "./compact.md" with { type: "text" };

/** In their order. */
export const SECTIONS = ["Goal", "Instructions", "Decisions", "Facts", "Files", "Open tasks", "State"] as const;

export interface SummariserDeps {
  readonly models: ChainOptions["models"];
  readonly usage: Pick<Ledger, "record" | "check">;
  readonly monotonic: () => number;
  readonly sleep?: ChainOptions["sleep"];
  /** Text without secrets. */
  readonly mask: (text: string) => string;
}

export interface SummaryOrder {
  /** Whom to ask, in order. */
  readonly refs: readonly string[];
  readonly spender: Spender;
  readonly credential: string | undefined;
  readonly runId: string | undefined;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 180_000;
const ROUTE = "compaction";
const MAX_OUTPUT = 4000;
/** Characters of one section: what is listed first is there longest. */
const MAX_SECTION = 6000;
const MAX_SAID = 8000;
const MAX_RESULT = 1000;
const TRIES = 2;

/** The new notes, and who made them. Rejects with what the provider throws, and for an answer that is no notes. */
export async function summarise(
  deps: SummariserDeps,
  order: SummaryOrder,
  { notes, dialogue }: { readonly notes: string; readonly dialogue: string },
): Promise<{ readonly notes: string; readonly model: string | null }> {
  const said = [
    `Earlier notes:\n${notes === "" ? "none" : notes}`,
    `The conversation:\n${dialogue}`,
    "Now write the notes.",
  ].join("\n\n");
  for (let tries = 1; ; tries++) {
    const { text, model } = await ask(deps, order, deps.mask(said));
    const made = readNotes(deps.mask(text));
    if (made !== "") return { notes: made, model };
    if (tries === TRIES)
      throw new AlephError("provider_error", "The model did not write the notes that it was asked for");
  }
}

async function ask(
  { models, usage, monotonic, sleep }: SummariserDeps,
  { refs, spender, credential, runId, signal }: SummaryOrder,
  text: string,
): Promise<{ readonly text: string; readonly model: string | null }> {
  usage.check(spender);
  const began = monotonic();
  let asked: { readonly provider: string; readonly model: string } | undefined;
  let used: Usage | undefined;
  let answer = "";
  try {
    const parts = streamWithFailover({
      models,
      refs,
      ...(sleep ? { sleep } : {}),
      request: {
        system: [prompt.trim()],
        messages: [{ role: "user", content: [{ type: "text", text }] }],
        tools: [],
        thinking: "off",
        maxOutputTokens: MAX_OUTPUT,
      },
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    for await (const part of parts) {
      if (part.type === "model") asked = part;
      if (part.type === "text") answer += part.text;
      if (part.type === "usage") used = addUsage(used, part.usage);
    }
    return { text: answer, model: asked ? `${asked.provider}/${asked.model}` : null };
  } finally {
    if (asked && used) {
      const { provider, model } = asked;
      usage.record({
        ...spender,
        credential,
        route: ROUTE,
        runId,
        provider,
        model,
        usage: used,
        ms: monotonic() - began,
      });
    }
  }
}

/** The sections that there are, in their order; empty when there is none. */
export function readNotes(answer: string): string {
  const found = new Map<string, string>();
  for (const [, heading = "", body = ""] of `\n${answer}`.matchAll(/\n#{1,4} *([^\n]+)\n([\s\S]*?)(?=\n#{1,4} |$)/g)) {
    const section = SECTIONS.find((name) => name.toLowerCase() === heading.trim().replace(/:$/, "").toLowerCase());
    const text = capped(body.trim());
    if (section !== undefined && text !== "" && !/^-? ?none\.?$/i.test(text)) found.set(section, text);
  }
  return SECTIONS.flatMap((name) => (found.has(name) ? [`## ${name}\n${found.get(name)}`] : [])).join("\n");
}

function capped(text: string): string {
  if (text.length <= MAX_SECTION) return text;
  const cut = text.lastIndexOf("\n", MAX_SECTION);
  return text.slice(0, cut < 0 ? MAX_SECTION : cut).toWellFormed();
}

/** As the model that takes notes reads it; `own`: only what the person said and no stranger can have written. */
export function dialogueOf(messages: readonly PlacedMessage[], { own }: { readonly own: boolean }): string {
  return messages.flatMap((message) => linesOf(message, own)).join("\n\n");
}

function linesOf({ role, parts }: PlacedMessage, own: boolean): readonly string[] {
  return parts.flatMap((part) => {
    if (own && (role !== "user" || part.type !== "text" || part.untrusted)) return [];
    const line = lineOf(part, role === "user" ? "Person" : "Assistant");
    return line === undefined ? [] : [line];
  });
}

function lineOf(part: MessagePart, who: string): string | undefined {
  switch (part.type) {
    case "text":
      return part.text === ""
        ? undefined
        : `${part.untrusted ? "From outside" : who}: ${shortened(part.text, MAX_SAID)}`;
    case "thinking":
      return undefined;
    case "media":
      return `${who} attached ${part.name ?? part.media_id} (${part.mime})${part.path === undefined ? "" : `, in the workspace: ${part.path}`}`;
    case "tool_call":
      return `Assistant calls ${part.tool}: ${shortened(JSON.stringify(part.args) ?? "", MAX_RESULT)}`;
    case "tool_result":
      return `Result of ${part.tool} (${part.status}${part.untrusted ? ", from outside" : ""}): ${shortened(part.text, MAX_RESULT)}`;
  }
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most).toWellFormed()} […]`;
}
