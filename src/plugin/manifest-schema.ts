/** The shape of a manifest as a person writes it, whatever the file's format. Loads zod. */
import * as z from "zod";
import { HOOK_EVENTS, HOOK_KINDS, HOOK_PRIORITIES, type HookPriority, PROMPT_SCOPES } from "../sdk/plugin.ts";

export const KINDS = ["nodejs", "wasm", "static"] as const;

const MAX_ITEMS = 200;
const MAX_TIMEOUT_MS = 600_000;

const line = z.string().min(1).max(1000);
const handler = z.string().regex(/^[A-Za-z_$][\w$]{0,99}$/, "must be the name of a function");
const word = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "must be lower-case letters, digits, - or _");
const file = z.string().min(1).max(1000);
const timeout = z.int().min(1).max(MAX_TIMEOUT_MS).optional();
const list = <T extends z.ZodType>(of: T) => z.array(of).max(MAX_ITEMS).default([]);

export const about = {
  id: word,
  name: z.string().min(1).max(100),
  version: z.string().regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/, "must be a version like 1.0.0"),
  description: line,
  author: z.string().max(200).optional(),
  kind: z.enum(KINDS),
  entry: file.optional(),
  aleph: z.string().min(1).max(100).optional(),
  start: z.enum(["use", "boot"]).default("use"),
};

const network = z
  .string()
  .regex(/^connect:(?:https?|wss?):\/\/[^\s/]+$/, "must be like connect:https://api.example.com, without a path");
const filesystem = z.string().regex(/^(?:read|write):[^\0]+$/, "must be like read:./data or write:./output");
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be the name of a variable");

const tool = z.strictObject({
  name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, "must be letters, digits, _ or -, at most 64"),
  description: line,
  handler,
  parameters: z.record(z.string(), z.unknown()).default({ type: "object" }),
  instruction_file: file.optional(),
  timeout_ms: timeout,
});

const hook = z.strictObject({
  event: z.enum(HOOK_EVENTS),
  kind: z.enum(HOOK_KINDS),
  priority: z.enum(Object.keys(HOOK_PRIORITIES) as [HookPriority, ...HookPriority[]]).default("normal"),
  handler,
  timeout_ms: timeout,
});

const service = z.strictObject({
  name: word,
  description: line,
  start_handler: handler,
  stop_handler: handler,
  auto_start: z.boolean().default(false),
});

const channel = z.strictObject({
  name: word,
  description: line,
  connect_handler: handler,
  disconnect_handler: handler,
  send_handler: handler,
  edit_handler: handler.optional(),
  typing_handler: handler.optional(),
  react_handler: handler.optional(),
  load_handler: handler.optional(),
  message_limit: z.int().min(100).max(100_000).optional(),
  edit_ms: z.int().min(200).max(60_000).optional(),
  buttons: z.boolean().default(false),
  files: z.boolean().default(false),
  accounts: z.boolean().default(false),
});

const provider = z.strictObject({
  name: word,
  description: line,
  list_models_handler: handler,
  chat_handler: handler,
  stream_handler: handler.optional(),
  embed_handler: handler.optional(),
});

const signature = z.strictObject({
  header: z.string().regex(/^[A-Za-z0-9-]{1,100}$/, "must be the name of a header"),
  prefix: z.string().max(20).default(""),
  secret: variable,
});

const route = z
  .strictObject({
    method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
    path: z.string().regex(/^\/[A-Za-z0-9/_.~-]{0,200}$/, "must begin with / and have plain segments"),
    handler,
    auth: z.enum(["token", "public", "signature"]).default("token"),
    signature: signature.optional(),
    max_body: z.int().min(0).max(16_777_216).optional(),
    timeout_ms: timeout,
  })
  .refine(({ auth, signature }) => (auth === "signature") === (signature !== undefined), {
    path: ["signature"],
    message: 'goes with auth = "signature", and that with it',
  });

export const manifestSchema = z.strictObject({
  plugin: z.strictObject(about),
  permissions: z
    .strictObject({ network: list(network), filesystem: list(filesystem), env: list(variable) })
    .default({ network: [], filesystem: [], env: [] }),
  prompt: z.strictObject({ file, scope: z.enum(PROMPT_SCOPES) }).optional(),
  tools: list(tool),
  hooks: list(hook),
  commands: list(z.strictObject({ name: word, description: line, handler })),
  services: list(service),
  channels: list(channel),
  providers: list(provider),
  http_routes: list(route),
});
export type ManifestFile = z.output<typeof manifestSchema>;
