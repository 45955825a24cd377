/** How each family of Claude models wants to be asked for thinking. */
import type { Anthropic } from "@anthropic-ai/sdk";
import type { ModelRequest } from "../../sdk/provider.ts";
import { isOwnThinking } from "./messages.ts";

export interface ThinkingWay {
  readonly params: Pick<Anthropic.Messages.MessageCreateParams, "thinking" | "output_config">;
  /** Whether thinking of earlier replies goes back. */
  readonly keep: boolean;
}

const BUDGET = { low: 4_096, medium: 10_240, high: 20_480 } as const;

/** 4.6 of `claude-opus-4-6-20260101`; nothing for names of another form. */
function versionOf(model: string): number | undefined {
  const match = /claude-(?:[a-z]+-)?(\d)(?:[-.](\d)(?!\d))?/.exec(model);
  return match === null ? undefined : Number(`${match[1]}.${match[2] ?? 0}`);
}

/** What a reply may be long when nobody says: within the limit of every model of the family. */
export function defaultMaxTokens(model: string): number {
  const version = versionOf(model) ?? 0;
  return version >= 4 ? 32_000 : 8_192;
}

/** Ways to ask, the most likely first; a way that the model refuses leads to the next. */
export function thinkingWays(request: ModelRequest, maxTokens: number): ThinkingWay[] {
  const { thinking: level, model } = request;
  const version = versionOf(model);
  const plain: ThinkingWay = { params: {}, keep: true };
  // The API ties thinking to the conversation as it was; without it the conversation is accepted, however changed.
  const bare: ThinkingWay = { params: {}, keep: false };
  if (level === "off") {
    // Since 5 thinking is on when left out, and some models cannot switch it off.
    if (version === undefined || version < 5) return [plain, bare];
    return [
      { params: { thinking: { type: "disabled" } }, keep: false },
      { params: { thinking: { type: "between_tools" } }, keep: false },
      bare,
    ];
  }
  const adaptive: ThinkingWay["params"] = {
    thinking: { type: "adaptive", display: "summarized" },
    output_config: { effort: level },
  };
  const budget = Math.min(BUDGET[level], maxTokens - 1_024);
  const manual: ThinkingWay["params"] =
    budget < 1_024 || !canThinkByBudget(request) ? {} : { thinking: { type: "enabled", budget_tokens: budget } };
  if (version !== undefined && version < 3.7) return [bare];
  if (version !== undefined && version < 4.6)
    return [{ params: manual, keep: true }, { params: manual, keep: false }, bare];
  return [{ params: adaptive, keep: true }, { params: adaptive, keep: false }, { params: manual, keep: true }, bare];
}

/** With a budget, the replies of a turn that calls tools must begin with thinking of this model. */
function canThinkByBudget({ messages, model }: ModelRequest): boolean {
  for (const message of messages.toReversed()) {
    if (message.role === "user") return true;
    if (message.role !== "assistant") continue;
    if (!message.content.some((part) => part.type === "tool_call")) return true;
    if (!message.content.some((part) => part.type === "thinking" && isOwnThinking(part, model))) return false;
  }
  return true;
}
