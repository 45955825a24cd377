/** The parts of config.toml that its tables are made of. */
import * as z from "zod";
import { THINKING_LEVELS } from "../protocol/message.ts";

/** `provider/model`, a bare model id, or an alias. */
export const modelName = z.string().min(1);
export const milliseconds = z.int().min(0);
export const clockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be like "08:30"');
/** Empty: the server's own. */
export const timeZone = z.string().refine(isTimeZone, 'must be a time zone such as "Europe/Berlin", or empty');
export const identifier = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "must be letters, digits, . _ or -");

const price = z.strictObject({
  input: z.number().min(0).describe("US dollars per million input tokens"),
  output: z.number().min(0).describe("US dollars per million output tokens"),
  cache_read: z.number().min(0).optional().describe("US dollars per million input tokens read from a cache"),
  cache_write: z.number().min(0).optional().describe("US dollars per million input tokens written to a cache"),
});

const model = z.strictObject({
  id: z.string().min(1).describe("as the provider calls it"),
  name: z.string().optional().describe("shown instead of the id"),
  context_window: z.int().positive().optional().describe("tokens that it can hold"),
  max_output: z.int().positive().optional().describe("tokens of one reply"),
  tools: z.boolean().optional().describe("whether it calls tools"),
  vision: z.boolean().optional().describe("whether it sees images"),
  thinking: z.boolean().optional().describe("whether it thinks before it answers"),
  price: price.optional(),
});

/** What every provider's table may hold; the kind that `type` names checks the rest with its own schema. */
export const provider = z.looseObject({
  type: z
    .string()
    .describe(
      "anthropic, openai, gemini, ollama, openai-compatible, demo, a protocol adapter or a plugin's; the table's name if left out",
    )
    .optional(),
  api_key: z.string().optional().describe("best a reference: env:NAME, file:PATH or keychain:NAME"),
  api_keys: z.array(z.string()).optional().describe("more keys, used in turn; one that is refused or limited rests"),
  base_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("address of its API, if it is not the usual one"),
  models: z
    .array(z.union([z.string(), model]))
    .optional()
    .describe("ids of models, or what is known of them"),
  headers: z.record(z.string(), z.string()).optional().describe("sent with each request"),
  timeout_ms: milliseconds.optional().describe("to the first byte of an answer"),
  idle_timeout_ms: milliseconds.optional().describe("between two parts of a streamed answer"),
});

/** What every interface's table may hold; its channel checks the rest with its own schema. */
export const interfaceTable = z.looseObject({
  enabled: z.boolean().optional().describe("false keeps it off; a table alone switches it on"),
  type: identifier
    .optional()
    .describe("which of the interfaces it is, where one has several accounts: telegram in [interfaces.work]"),
});

export const agent = z.strictObject({
  workspace: z.string().optional().describe("folder of its files; ALEPH_HOME/workspaces/<agent> if left out"),
  model: modelName.optional().describe("used instead of models.default"),
  thinking: z.enum(THINKING_LEVELS).optional().describe("how much it thinks before it answers"),
  description: z.string().max(1000).optional().describe("what it is for; other agents see it when they delegate work"),
  prompt: z.string().max(100_000).optional().describe("text added to the system prompt, before prompt_files"),
  prompt_files: z.array(z.string()).optional().describe("Markdown files added to the system prompt, in order"),
  tools: z
    .strictObject({
      allow: z.array(z.string()).optional().describe("tools that it may use; all if left out"),
      deny: z.array(z.string()).optional().describe("tools that it may not use"),
    })
    .optional(),
});

export const rate = z.number().min(0);

/** Of one day in the time zone of the machine. */
export const budgetOf = (whose: string) =>
  z
    .strictObject({
      tokens: z.int().min(0).describe(`a day ${whose}, cached ones too; 0 is no limit`),
      cost_usd: z.number().min(0).describe(`a day ${whose}, where the price of the model is known; 0 is no limit`),
    })
    .partial();

/** Bytes, as a number or as `256MB`, where a megabyte has 1024 kilobytes. */
export const folder = z
  .string()
  .regex(/^(?:\/|~(?:\/|$)|[A-Za-z]:[\\/])/, "must be an absolute path, or begin with ~/");
export const size = z.union([
  z
    .int()
    .min(1024 * 1024)
    .max(64 * 1024 ** 3),
  z.string().regex(/^[1-9]\d{0,5} ?[KMG]i?B$/i, 'must be a size such as "256MB"'),
]);

const addressOrBlock = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);
export const addressBlock = z
  .string()
  .refine((text) => addressOrBlock.safeParse(text).success, "must be an address, or a block such as 10.0.0.0/8");

const runtime = {
  enabled: z.boolean().describe("false leaves plugins of this kind unused"),
  memory_limit: size.describe("of one plugin, in bytes or like 256MB"),
  timeout_ms: z.int().min(1).describe("of one call that does not name its own"),
};
export const wasm = z.strictObject(runtime).partial();
export const nodejs = z
  .strictObject({
    ...runtime,
    node_version: z
      .string()
      .regex(/^\d+(?:\.\d+){0,2}$/, "must be a version such as 20")
      .describe("the oldest Node.js whose interfaces plugins may expect"),
  })
  .partial();

export const a2aAgent = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe("where it is, or its agent card, whose name then ends in .json"),
  description: z.string().optional().describe("what it is good for; the model is told so"),
  token: z.string().optional().describe("sent as a bearer token; best a reference such as env:NAME"),
  ask: z.boolean().optional().describe("false lets it be asked without a question; true if left out"),
  network: z
    .array(z.string().min(1))
    .optional()
    .describe("more hosts that it leads to, such as connect:https://api.example.com"),
  timeout_ms: z.int().min(1).optional().describe("for one answer"),
});

export const mcpServer = z.strictObject({
  enabled: z.boolean().optional().describe("false leaves the server unused"),
  command: z.string().min(1).optional().describe("program of a local server; a name is looked up in exec.path"),
  args: z.array(z.string()).optional().describe("what it is started with; files and folders named here are open to it"),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of a variable"), z.string())
    .optional()
    .describe("all that it sees of an environment besides PATH and HOME; best references such as env:NAME"),
  cwd: z.string().min(1).optional().describe("absolute path of the folder that it runs in; one of its own if left out"),
  read: z
    .array(z.string().min(1))
    .optional()
    .describe("absolute paths that it may read; if left out, those that args and cwd name"),
  write: z
    .array(z.string().min(1))
    .optional()
    .describe("absolute paths that it may change; if left out, the folders that args name"),
  execute: z.array(z.string().min(1)).optional().describe("programs, or folders of them, that it may start"),
  network: z
    .array(z.string().min(1))
    .optional()
    .describe("hosts that it may reach, such as connect:https://api.example.com; connect:https://* is any public one"),
  memory_limit: size.optional().describe("of a local server, in bytes or like 512MB"),
  allow_unsandboxed: z
    .boolean()
    .optional()
    .describe("lets it run where nothing can confine it; only this file sets it"),
  url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("address of a remote server, in place of command"),
  headers: z.record(z.string(), z.string()).optional().describe("sent with each request to url"),
  oauth: z
    .strictObject({
      client_id: z.string().min(1).describe("if the server does not register clients by itself"),
      client_secret: z.string().describe("best a reference"),
      scope: z.string().describe("what to ask for; what the server names if left out"),
    })
    .partial()
    .optional(),
  timeout_ms: z.int().min(1).optional().describe("of one call, renewed by each sign of progress"),
  tools: z
    .strictObject({
      allow: z.array(z.string()).describe("tools that run without a question; * is all"),
      ask: z.array(z.string()).describe("tools that ask all the same, when allow names all"),
      deny: z.array(z.string()).describe("tools that are never offered or run"),
    })
    .partial()
    .optional(),
});

const networkRule = z.string().regex(/^connect:\w/, 'must be like "connect:https://api.example.com"');
const topicGlob = z.string().regex(/^[\w*-]+(?:\.[\w*-]+)*$/, "must be a pattern such as agent.* or issues.opened");
const header = z.string().regex(/^[A-Za-z0-9-]{1,100}$/, "must be the name of a header");
const secrets = z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(5)]);

const webhookIn = z
  .strictObject({
    enabled: z.boolean().describe("false refuses all that comes"),
    secret: secrets.describe(
      "what deliveries are signed with; several while one takes another's place; best references",
    ),
    scheme: z
      .enum(["github", "stripe", "slack", "standard"])
      .describe("how they are signed; standard is Standard Webhooks; github if left out"),
    header: header.describe("which has the signature, if it is not the scheme's own"),
    prefix: z.string().max(32).describe("what stands before the signature in the scheme github; sha256= if left out"),
    tolerance_ms: z
      .int()
      .min(1000)
      .max(3_600_000)
      .describe("how old a signature may be, where it says when it was made; five minutes if left out"),
    token: secrets.describe("in place of a signature: sent as a bearer token, or in x-webhook-token; best a reference"),
    events: z.array(topicGlob).describe("events that are wanted, such as issues.opened or push; all if left out"),
    event_header: header.describe("which names the event, if it is not the scheme's own"),
    event_field: z.string().min(1).describe("of the payload, which names the event or goes on with its name"),
    id_header: header.describe("which has the delivery's id: a delivery that comes again starts nothing"),
    id_field: z.string().min(1).describe("of the payload, which has the delivery's id"),
    repeats: z.boolean().describe("whether the same signed body may come again under another id"),
    keep_days: z.int().min(1).max(3650).describe("for how long deliveries are known again; 30 if left out"),
    message: z
      .string()
      .min(1)
      .max(20_000)
      .describe("what the agent is told; {{issue.title}} is a field of the payload, {{$}} all of it"),
    session: z.string().describe("which conversation; agent:<agent>:webhook:<name> if left out"),
    agent: identifier.describe("which agent; main if left out"),
    model: modelName.describe("used instead of the agent's own"),
    deliver: z
      .strictObject({
        interface: identifier.describe("over which the answer goes"),
        target: z.string().min(1).max(512).describe("the conversation, as the interface names it"),
      })
      .describe("where the answer goes; nowhere if left out"),
    max_body: z.int().min(1024).max(32_000_000).describe("bytes of one delivery; a million if left out"),
    per_minute: z.int().min(1).max(10_000).describe("deliveries a minute; 60 if left out"),
  })
  .partial()
  .refine(({ secret, token }) => secret !== undefined || token !== undefined, "needs a secret or a token")
  .refine(
    ({ session, agent }) => session === undefined || agent === undefined,
    "takes a session or an agent, not both",
  );

const webhookOut = z.strictObject({
  enabled: z.boolean().optional().describe("false sends nothing; what waits goes on waiting"),
  url: z.string().min(1).describe("where events are sent: https://…, or a reference to it; only this file sets it"),
  events: z.array(topicGlob).min(1).describe("topics, such as agent.completed or approval.*"),
  secret: z.string().min(1).optional().describe("what aleph-signature is made with; best a reference"),
});

export const webhooks = z
  .strictObject({
    in: z.record(identifier, webhookIn).describe("what /hooks/<name> takes"),
    out: z.record(identifier, webhookOut).describe("who is told of events"),
  })
  .partial();

export const shellHook = z.strictObject({
  enabled: z.boolean().optional().describe("false leaves it unused"),
  event: topicGlob.describe("topic after which it runs, such as agent.completed"),
  command: z.string().min(1).max(10_000).describe("command line; the event comes as JSON on its standard input"),
  agent: identifier.optional().describe("in whose workspace it runs; main if left out"),
  network: z.array(networkRule).optional().describe("hosts that it may reach, such as connect:https://api.example.com"),
  timeout_ms: z.int().min(100).max(3_600_000).optional().describe("after which it is killed; 30 seconds if left out"),
});

function isTimeZone(name: string): boolean {
  try {
    return name === "" || new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
