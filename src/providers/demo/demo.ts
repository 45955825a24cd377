/** The built-in provider for a first run: a script that says so, explains how to add a model and shows the tools. */
import * as z from "zod";
import { createId } from "../../lib/id.ts";
import { pause } from "../../lib/pause.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { ModelRequest, StreamPart } from "../../sdk/provider.ts";
import { defineProvider } from "../../sdk/provider.ts";
import { cannotCarryOut } from "../wire/request-fields.ts";
import { scriptedReply } from "./script.ts";

const options = z.strictObject({
  delay_ms: z
    .int()
    .min(0)
    .max(1_000)
    .optional()
    .describe("between two pieces of a reply, so that it can be seen to stream"),
});

export const demo = defineProvider({
  type: "demo",
  defaultModel: "demo",
  options,
  // Not in the list of its models alone, which nobody may have asked for when it first answers.
  facts: async () => ({ demo: { price: { input: 0, output: 0 } } }),
  open: ({ delay_ms = 10 }, host) => ({
    id: host.id,
    scripted: true,
    stream: (request, signal) => stream(host.id, request, signal, delay_ms),
    async models(signal) {
      throwIfAborted(signal);
      return [{ id: "demo", name: "Scripted demo" }];
    },
  }),
});

async function* stream(
  provider: string,
  request: ModelRequest,
  signal: AbortSignal,
  delay: number,
): AsyncGenerator<StreamPart, void, undefined> {
  checkFields(provider, request);
  const { text, calls } = scriptedReply(request);
  if (request.thinking !== "off")
    yield { type: "thinking", text: "A script does not think. It looks up what comes next." };
  for (const piece of text.match(/(?:\S+\s*){1,3}/g) ?? []) {
    throwIfAborted(signal);
    yield { type: "text", text: piece };
    if (delay > 0) await pause(delay, signal);
  }
  throwIfAborted(signal);
  for (const { tool, args } of calls) yield { type: "tool_call", call_id: createId("call"), tool, args };
  yield { type: "usage", usage: { input: 0, output: 0, cache_read: 0, cache_write: 0 } };
  yield { type: "finish", reason: calls.length > 0 ? "tool_calls" : "stop" };
}

/** A script is the same at any temperature and for any seed, and calls one tool at a time; the rest it cannot heed. */
function checkFields(provider: string, { toolChoice, responseFormat, stop }: ModelRequest): void {
  const why = "the reply is a script";
  if (toolChoice !== undefined && toolChoice !== "auto") throw cannotCarryOut(provider, "tool_choice", why);
  if (responseFormat !== undefined) throw cannotCarryOut(provider, "response_format", why);
  if (stop !== undefined && stop.length > 0) throw cannotCarryOut(provider, "stop", why);
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AlephError("cancelled", "The reply was cancelled");
}
