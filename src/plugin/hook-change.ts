/** What an interceptor may change of a context: one field for each event. */
import { AlephError } from "../protocol/errors.ts";
import type { HookEvent } from "../sdk/plugin.ts";

type Context = Readonly<Record<string, unknown>>;

interface Changeable {
  readonly field: string;
  /** What it must be, in words. */
  readonly must: string;
  isValid(value: unknown): boolean;
}

const text = (field: string): Changeable => ({
  field,
  must: "a text",
  isValid: (value) => typeof value === "string",
});

const CHANGEABLE: Readonly<Record<HookEvent, Changeable>> = {
  before_tool_call: { field: "args", must: "an object", isValid: isObject },
  after_tool_call: text("result"),
  on_message: text("message"),
  on_response: text("response"),
  on_error: {
    field: "error",
    must: "an object with a message",
    isValid: (value) => isObject(value) && typeof value.message === "string",
  },
};

/**
 * The context with what `returned` says of its one field; the very same when that changes nothing. Throws `plugin_error` when
 * `returned` is no context.
 */
export function applyChange(event: HookEvent, context: object, returned: unknown): object {
  if (returned === undefined || returned === null) return context;
  const { field, must, isValid } = CHANGEABLE[event];
  if (!isObject(returned)) throw wrong(`what it gave back must be the context or nothing`);
  const value = returned[field];
  if (value === undefined) return context;
  if (!isValid(value)) throw wrong(`"${field}" of what it gave back must be ${must}`);
  const before = (context as Context)[field];
  // Of an error only the message is its own to change.
  const after = event === "on_error" ? { ...(before as object), message: (value as Context).message } : value;
  return Bun.deepEquals(before, after) ? context : { ...context, [field]: after };
}

function isObject(value: unknown): value is Context {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(message: string): AlephError {
  return new AlephError("plugin_error", message);
}
