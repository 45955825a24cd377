/** What a request asks for besides the conversation, in the form of the Messages API. */
import type { Anthropic } from "@anthropic-ai/sdk";
import type { ModelRequest } from "../../sdk/provider.ts";
import { cannotCarryOut, checkToolChoice } from "../wire/request-fields.ts";
import type { ThinkingWay } from "./thinking.ts";

type Params = Pick<Anthropic.Messages.MessageCreateParams, "tool_choice" | "output_config" | "stop_sequences">;

/** `thinking` is what the way of asking for thinking sets already. Throws `bad_request` for what cannot be. */
export function toSettings(provider: string, request: ModelRequest, thinking: ThinkingWay["params"]): Params {
  checkToolChoice(provider, request);
  const { responseFormat, temperature, topP, stop, seed } = request;
  if (seed !== undefined) throw cannotCarryOut(provider, "seed", "the API has no such field");
  if (responseFormat?.type === "json") {
    throw cannotCarryOut(provider, "response_format", "JSON needs a schema");
  }
  const choice = toToolChoice(request);
  return {
    ...(choice === undefined ? {} : { tool_choice: choice }),
    ...(responseFormat === undefined
      ? {}
      : {
          output_config: {
            ...thinking.output_config,
            format: { type: "json_schema", schema: { ...responseFormat.schema } },
          },
        }),
    ...(stop === undefined || stop.length === 0 ? {} : { stop_sequences: [...stop] }),
    // Not in the types: only the version of `versionFor` knows them.
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
  };
}

/** Since 2026-10-21 the API refuses sampling parameters from whoever names that version; the one before takes them. */
export function versionFor({ temperature, topP }: ModelRequest): Record<string, string> {
  return temperature === undefined && topP === undefined ? {} : { "anthropic-version": "2023-06-01" };
}

function toToolChoice({
  tools,
  toolChoice,
  parallelToolCalls,
}: ModelRequest): Anthropic.Messages.ToolChoice | undefined {
  if (tools.length === 0) return undefined;
  if (toolChoice === "none") return { type: "none" };
  const one = parallelToolCalls === false ? { disable_parallel_tool_use: true } : {};
  if (toolChoice === "required") return { type: "any", ...one };
  if (toolChoice !== undefined && toolChoice !== "auto") return { type: "tool", name: toolChoice.tool, ...one };
  return parallelToolCalls === false || toolChoice === "auto" ? { type: "auto", ...one } : undefined;
}
