/** Makes the body that a vendor gets out of the one that came, without writing it anew where that can be avoided. */
import type { Body } from "../dialects/dialect.ts";
import type { Dialect } from "../sdk/provider.ts";

export interface HandedBody {
  readonly text: string;
  /** Whether usage was asked for on our behalf: the client must not see its chunk. */
  readonly hideUsage: boolean;
}

/**
 * `model` is the vendor's own id; `change` are other fields to be set, or left out where they are undefined; `mayAsk` says whether usage
 * may be asked for.
 */
export function handedBody(
  dialect: Dialect,
  text: string,
  body: Body,
  model: string,
  change?: Readonly<Record<string, unknown>>,
  mayAsk = true,
): HandedBody {
  const options = body.stream_options;
  const asksUsage = isObject(options) && options.include_usage === true;
  const hideUsage = mayAsk && dialect === "chat" && body.stream === true && !asksUsage;
  if (change !== undefined || (hideUsage && options !== undefined)) {
    const usage = hideUsage ? { stream_options: { ...(isObject(options) ? options : {}), include_usage: true } } : {};
    return { text: JSON.stringify({ ...body, model, ...change, ...usage }), hideUsage };
  }
  const named = body.model === model ? text : withModel(text, body, model);
  return { text: hideUsage ? named.replace("{", '{"stream_options":{"include_usage":true},') : named, hideUsage };
}

/**
 * Where `"model"` stands once, it is the key at the top and can be replaced in place: inside of a string it would be
 * escaped, and a key spelled with escapes is ruled out first.
 */
function withModel(text: string, body: Body, model: string): string {
  const at = text.indexOf('"model"');
  const isOnly = at >= 0 && text.indexOf('"model"', at + 7) < 0 && !(text.includes("\\") && text.includes("\\u00"));
  const value = isOnly ? /^"model"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text.slice(at, at + 1024)) : null;
  if (value === null) return JSON.stringify({ ...body, model });
  const end = at + value[0].length;
  return text.slice(0, end - value[1]!.length) + JSON.stringify(model) + text.slice(end);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
