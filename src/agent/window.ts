/** How much of a conversation fits into a model's window, beside the prompt, the tools and the answer; and what goes when it does not. */
import type { ModelInfo, ModelMessage } from "../sdk/provider.ts";
import { messagesTokens, messageTokens } from "./tokens.ts";

/** For models whose window is not known. */
const DEFAULT_WINDOW = 128_000;
/** For the answer, of models that do not say how long it may be. */
const ANSWER = 8192;
/** Estimates are not exact. */
const MARGIN = 0.92;
/** However much prompt and tools take. */
const LEAST_SHARE = 0.2;
/** Characters of one result that stay when nothing else helps. */
const SHORTENED = 2000;

/** Tokens, as we estimate them, that the conversation may have. `scale` is what the model makes of ours. */
export function roomOf(
  { contextWindow = DEFAULT_WINDOW, maxOutput }: Pick<ModelInfo, "contextWindow" | "maxOutput">,
  fixed: number,
  scale: number,
): number {
  const answer = Math.min(maxOutput ?? ANSWER, contextWindow / 4, 4 * ANSWER);
  return Math.max((contextWindow * MARGIN - answer) / scale - fixed, (contextWindow * LEAST_SHARE) / scale);
}

/**
 * The messages themselves where they fit. Otherwise without the oldest: whole turns first, then steps of the last one, each call
 * with its result; at last long results are cut. What begins the conversation (a summary) and what the person said last stay.
 */
export function fitMessages(messages: readonly ModelMessage[], room: number): readonly ModelMessage[] {
  let tokens = messagesTokens(messages);
  if (tokens <= room) return messages;
  const last = messages.findLastIndex(({ role }) => role === "user");
  if (last < 0) return messages;
  const head = messages[0]!;
  const keepsHead = last > 0 && isSummary(head);
  const kept = keepsHead ? [head] : [];
  let from = keepsHead ? 1 : 0;
  for (let at = from + 1; at <= last && tokens > room; at++) {
    if (messages[at]!.role !== "user") continue;
    tokens -= messagesTokens(messages.slice(from, at));
    from = at;
  }
  kept.push(...messages.slice(from, last + 1));
  let step = last + 1;
  for (let at = step + 1; at < messages.length && tokens > room; at++) {
    if (messages[at]!.role !== "assistant") continue;
    tokens -= messagesTokens(messages.slice(step, at));
    step = at;
  }
  kept.push(...messages.slice(step));
  return tokens <= room ? kept : kept.map((message) => shortened(message, room / 8));
}

/** How a summary of what came before begins. */
export const SUMMARY_BEGINS = "[Summary of the conversation so far";

function isSummary({ role, content }: ModelMessage): boolean {
  const [first] = content;
  return role === "user" && first?.type === "text" && first.text.startsWith(SUMMARY_BEGINS);
}

function shortened(message: ModelMessage, tokens: number): ModelMessage {
  if (message.role !== "tool" || messageTokens(message) <= tokens) return message;
  const content = message.content.map((part) =>
    part.type === "text" && part.text.length > SHORTENED
      ? { ...part, text: `${part.text.slice(0, SHORTENED).toWellFormed()}\n[The rest is left out: there is no room]` }
      : part,
  );
  return { ...message, content };
}
