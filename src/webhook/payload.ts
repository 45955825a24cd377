/** What a webhook brings, read: JSON, a form, or text. */
import { isDeeperThan } from "../lib/nesting.ts";
import { AlephError } from "../protocol/errors.ts";
import type { SignatureScheme } from "./signature.ts";

/** Where services say what it is about and which delivery it is. */
export const FIELDS: Readonly<
  Record<
    SignatureScheme,
    {
      readonly event_header?: string;
      readonly event_field?: string;
      readonly id_header?: string;
      readonly id_field?: string;
    }
  >
> = {
  github: { event_header: "x-github-event", event_field: "action", id_header: "x-github-delivery" },
  stripe: { event_field: "type", id_field: "id" },
  slack: { event_field: "event.type", id_field: "event_id" },
  standard: { event_field: "type", id_header: "webhook-id" },
};

const MAX_DEPTH = 64;
const MAX_FIELDS = 1000;

/** Throws `invalid_params` for what cannot be read. */
export function readPayload(body: Uint8Array, type: string): unknown {
  const text = decode(body);
  const mime = type.split(";", 1)[0]!.trim().toLowerCase();
  if (mime === "application/json" || mime.endsWith("+json")) return parseJson(text);
  if (mime === "application/x-www-form-urlencoded") return readForm(text);
  // Many say nothing of what they send.
  if (/^\s*[[{]/.test(text)) {
    try {
      return parseJson(text);
    } catch {
      // Text that begins as JSON does.
    }
  }
  return { text };
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (cause) {
    throw new AlephError("invalid_params", "The body is not UTF-8 text", { cause });
  }
}

function parseJson(text: string): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new AlephError("invalid_params", "The body is not valid JSON", { cause });
  }
  if (isDeeperThan(parsed, MAX_DEPTH)) {
    throw new AlephError("invalid_params", `The body is nested deeper than ${MAX_DEPTH} levels`);
  }
  return parsed;
}

/** GitHub sends JSON in the field `payload` when it is told to send forms. */
function readForm(text: string): unknown {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.size < MAX_FIELDS && !fields.has(name)) fields.set(name, value);
  }
  const payload = fields.get("payload");
  return payload?.startsWith("{") ? parseJson(payload) : Object.fromEntries(fields);
}
