/** One request to `/v1` as the completion service takes it. */
import type { Body } from "../dialects/dialect.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { Dialect } from "../sdk/provider.ts";

/** Who asks, and where. */
interface AnyCall {
  /** The path, for the books. */
  readonly route: string;
  readonly grant: Grant;
  /** Names the token or login by which it came in. */
  readonly credential: string | undefined;
  /** From `x-aleph-session-key`. */
  readonly sessionKey: string | undefined;
  /** Aborts when the client hangs up. */
  readonly signal: AbortSignal;
}

export interface SingleCall extends AnyCall {
  /** The server as the client names it, such as `http://127.0.0.1:18790`. */
  readonly origin: string;
}

export interface CompletionCall extends AnyCall {
  readonly dialect: Dialect;
  /** The body as it came, and its JSON. */
  readonly text: string;
  readonly body: Body;
  /** Headers that belong to the vendor's wire format and are handed on with the body. */
  readonly vendorHeaders: Readonly<Record<string, string>> | undefined;
}

/** Throws `invalid_params`, `invalid_request`. */
export function readBody(text: string): Body {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AlephError("invalid_request", "The body is not JSON", { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Body;
  throw new AlephError("invalid_request", "The body must be a JSON object");
}

/** What must be there whoever answers; the rest is judged by the vendor, or when it is translated. */
export function checkBody(dialect: Dialect, body: Body): void {
  needField(body, "model", isName, "must be the name of a model");
  if (dialect === "responses") {
    needField(body, "input", isInput, "must be a text or a list of items");
  } else {
    needField(body, "messages", isList, "must be a list of at least one message");
  }
  if (dialect === "messages") {
    needField(body, "max_tokens", isNumber, "must be a number of tokens");
  }
}

const isName = (value: unknown): boolean => typeof value === "string" && value !== "";
const isInput = (value: unknown): boolean => typeof value === "string" || isList(value);
const isNumber = (value: unknown): boolean => typeof value === "number";

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

export function needField(body: Body, name: string, fits: (value: unknown) => boolean, message: string): void {
  if (fits(body[name])) return;
  const told = body[name] === undefined ? `is missing; it ${message}` : message;
  throw new AlephError("invalid_params", `${JSON.stringify(name)} ${told}`, {
    data: { param: name, issues: [{ path: name, message: told }] },
  });
}
