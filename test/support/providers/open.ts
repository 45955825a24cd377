/** Opens providers for tests and reads their replies. */
import { createLog } from "../../../src/lib/log.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import { providers } from "../../../src/providers/index.ts";
import type { ModelRequest, OpenProvider, StreamPart } from "../../../src/sdk/provider.ts";

export const silentLog = createLog({ write: () => undefined, level: () => "error" });

/** A provider of this kind whose table is `table`. */
export async function openProvider(
  type: keyof typeof providers,
  table: Record<string, unknown>,
  id: string = type,
): Promise<OpenProvider> {
  const kind = await providers[type]();
  return kind.open(kind.options.parse(table), { id, log: silentLog, fetch });
}

/** A request that says "Hello" to `test-model`, with what is given in place of that. */
export function requestOf(more: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: "test-model",
    system: [],
    messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
    tools: [],
    thinking: "off",
    ...more,
  };
}

/** All parts of a reply, and how it failed if it did. */
export interface ReplyOutcome {
  readonly parts: StreamPart[];
  readonly error?: {
    readonly reason: string;
    readonly data: Readonly<Record<string, unknown>>;
    readonly message: string;
  };
}

export async function collect(stream: AsyncIterable<StreamPart>): Promise<ReplyOutcome> {
  const parts: StreamPart[] = [];
  try {
    for await (const part of stream) parts.push(part);
  } catch (thrown) {
    if (!(thrown instanceof AlephError)) throw thrown;
    return { parts, error: { reason: thrown.reason, data: thrown.data, message: thrown.message } };
  }
  return { parts };
}

export const never = new AbortController().signal;

/** Joins neighbouring pieces of text, and of thinking, as a reader of the stream does. */
export function joined(parts: readonly StreamPart[]): StreamPart[] {
  const out: StreamPart[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (part.type === "text" && last?.type === "text")
      out[out.length - 1] = { type: "text", text: last.text + part.text };
    else if (part.type === "thinking" && last?.type === "thinking" && last.signature === undefined) {
      out[out.length - 1] = { ...part, text: last.text + part.text };
    } else out.push(part);
  }
  return out;
}
