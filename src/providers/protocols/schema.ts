/** The shape of a protocol adapter's file. */
import * as z from "zod";
import { modelEntries } from "../wire/options.ts";
import { PLACEHOLDERS, placeholdersOf } from "./template.ts";

const EXTENDABLE = ["openai", "openai-compatible", "anthropic", "gemini", "ollama"] as const;

/** Dotted keys from the root of one event's JSON; a number is a place in a list, `*` each of its items. */
const place = z
  .string()
  .regex(/^[^.\s]+(\.[^.\s]+)*$/, "must be keys with dots between them, such as choices.0.delta.content");
const path = z.string().startsWith("/", "must begin with a slash");
/** TOML tables hold anything; the placeholders in it are checked. */
const template = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  for (const { name, path } of placeholdersOf(value)) {
    if (PLACEHOLDERS.has(name)) continue;
    const message = `{{${name}}} is no placeholder; known are ${[...PLACEHOLDERS].join(", ")}`;
    context.addIssue({ code: "custom", path: [...path], message });
  }
});

const common = {
  description: z.string().optional(),
  default_model: z.string().min(1).optional(),
  needs_key: z.boolean().optional(),
  auth: z
    .strictObject({
      header: z
        .string()
        .regex(/^[A-Za-z0-9-]+$/, "must be the name of a header")
        .optional(),
      prefix: z.string().optional(),
      query: z.string().min(1).optional(),
    })
    .optional(),
  headers: z.record(z.string(), z.string()).optional(),
  query: z.record(z.string(), z.string()).optional(),
  models: modelEntries.optional(),
  defaults: z.record(z.string(), z.unknown()).optional(),
};

const extending = z.strictObject({
  ...common,
  extends: z.enum(EXTENDABLE),
  base_url: z.url({ protocol: /^https?$/ }),
  paths: z
    .strictObject({
      chat: path.optional(),
      responses: path.optional(),
      models: path.optional(),
      embeddings: path.optional(),
      images: path.optional(),
      transcriptions: path.optional(),
    })
    .optional(),
  request: z
    .strictObject({ set: z.record(z.string(), z.unknown()).optional(), remove: z.array(z.string().min(1)).optional() })
    .optional(),
});

/** `failed` is no end but a failure. */
const finish = z.enum(["stop", "tool_calls", "length", "refused", "failed"]);

const standing = z.strictObject({
  ...common,
  base_url: z.url({ protocol: /^https?$/ }),
  paths: z.strictObject({ chat: path, models: path.optional() }),
  request: z.strictObject({
    body: template,
    message: template.optional(),
    tool: template.optional(),
    roles: z
      .strictObject({
        system: z.string().optional(),
        user: z.string().optional(),
        assistant: z.string().optional(),
        tool: z.string().optional(),
      })
      .optional(),
  }),
  response: z.strictObject({
    format: z.enum(["sse", "ndjson", "json"]),
    done: z.string().min(1).optional(),
    text: place,
    thinking: place.optional(),
    finish: place.optional(),
    finish_reasons: z.record(z.string(), finish).optional(),
    error: place.optional(),
    tool_calls: z
      .strictObject({ list: place, id: place.optional(), index: place.optional(), name: place, arguments: place })
      .optional(),
    usage: z
      .strictObject({ input: place, output: place, cache_read: place.optional(), cache_write: place.optional() })
      .optional(),
    models: place.optional(),
  }),
});

export type ExtendingAdapter = z.output<typeof extending>;
export type StandingAdapter = z.output<typeof standing>;
export type Adapter = ExtendingAdapter | StandingAdapter;

/** With `extends` a built-in kind with changes, without it a wire of its own. */
export function schemaFor(document: unknown): z.ZodType<Adapter> {
  return typeof document === "object" && document !== null && "extends" in document ? extending : standing;
}
