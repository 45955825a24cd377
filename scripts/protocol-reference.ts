/** The pages of methods, events, errors and scopes, made from the schemas that the server validates with. */
import { COMMAND_OF } from "../src/cli/commands-of-methods.ts";
import type { MethodName } from "../src/client/client.ts";
import { methods } from "../src/methods/index.ts";
import { ERRORS, type Reason } from "../src/protocol/errors.ts";
import { eventSchemas } from "../src/protocol/events.ts";
import { SCOPES, type Scope } from "../src/protocol/identity.ts";
import type { AnyMethod } from "../src/sdk/method.ts";
import { typeText } from "./client-types.ts";

const MADE = "Made from the schemas by `bun scripts/reference.ts`; do not edit.";

const SCOPE_MEANINGS: Readonly<Record<Scope, string>> = {
  read: "Looks at conversations, lists, states and usage, and ends its own logins",
  chat: "Talks to the agent; creates, names and clears sessions",
  write: "Calls tools, past the same gate as the agent; changes sessions, facts and schedules; sends over interfaces",
  approve: "Answers approvals, and takes back what was allowed for good",
  admin:
    "Configures: config, plugins, MCP servers, skills, devices, tokens, nodes. Reads the log and the audit; stops the server",
};

const REASON_MEANINGS: Readonly<Record<Reason, string>> = {
  parse_error: "The frame is no JSON",
  invalid_request: "JSON, but no JSON-RPC request",
  method_not_found: "No such method; `rpc.discover` names them",
  invalid_params: "`data.issues` has the path of each wrong value",
  internal: "A fault of the server: it is in its log, and nothing of it in the answer",
  storage_failed: "The disk is full, read-only or failing; nothing was acknowledged",
  unauthenticated: "Nobody is connected yet",
  auth_failed: "A wrong credential, or one that has ended",
  pairing_required: "An unknown device: `data.code` is what an operator approves",
  forbidden: "The scope or the role is not enough",
  approval_denied: "A person, or the time limit of the question, said no",
  sandbox_denied: "The policy refuses it, or this machine cannot confine it",
  not_found: "No such session, run, plugin, tool, device, fact, …",
  conflict: "It exists already, or is in a state that does not allow it",
  rate_limited: "Too many; again after `data.retry_after_ms`",
  budget_exceeded: "A budget of tokens or money is used up",
  provider_error: "The model's provider failed, and so did the rest of the chain",
  no_provider: "No provider has that model, or none can do that",
  cancelled: "Somebody stopped it",
  timeout: "It took longer than it may",
  limit_reached: "So many of them there may be at a time",
  overloaded: "Too much is under way; nothing was begun",
  payload_too_large: "Too many bytes",
  plugin_error: "The plugin failed; `data.plugin` names it",
  mcp_error: "The MCP server failed",
  config_invalid: "`data.issues` has the path and line of each wrong key",
};

export async function renderProtocol(): Promise<Record<string, string>> {
  const loaded = await Promise.all(Object.values(methods).map((load) => load()));
  return {
    "docs/reference/rpc.md": methodPage(loaded),
    "docs/reference/events.md": eventPage(),
    "docs/reference/errors.md": errorPage(),
    "docs/reference/scopes.md": scopePage(loaded),
  };
}

function methodPage(loaded: readonly AnyMethod[]): string {
  const sections = inDomains(loaded).map(([domain, own]) => `## ${domain}\n\n${own.map(section).join("\n")}`);
  return `# Methods

${MADE} \`rpc.discover\` gives the same as an OpenRPC document,
\`aleph rpc METHOD\` calls any of them from a terminal. How a connection is opened is in [the protocol](../protocol.md), what may go
wrong in [errors](errors.md), who may call what in [scopes](scopes.md). Ids are strings, times Unix milliseconds, durations \`_ms\`.
More fields may be added to results; none is renamed.

${sections.join("\n")}`;
}

function section({ name, summary, scope, guest, params, result }: AnyMethod): string {
  const command = COMMAND_OF[name as MethodName];
  const facts = [
    `${summary}.`,
    scope === "public" ? "Open to all." : scope === "node" ? "For nodes." : `Scope \`${scope}\`.`,
    ...(guest ? [`Guests: ${guest.own === "run_id" ? "runs of" : "in"} their own session.`] : []),
    ...(typeof command === "string" ? [`\`aleph ${command}\``] : []),
  ];
  return `### ${name}

${facts.join(" ")}

\`\`\`ts
params: ${typeText(params, "input", 0)}
result: ${typeText(result, "output", 0)}
\`\`\`
`;
}

function eventPage(): string {
  const topics = Object.entries(eventSchemas).map(
    ([topic, schema]) => `### ${topic}\n\n\`\`\`ts\n${typeText(schema, "output", 0)}\n\`\`\`\n`,
  );
  return `# Events

${MADE} \`events.subscribe {pattern, after_seq?}\` asks for them;
\`aleph events\` shows them in a terminal. Below is the \`data\` of each. Replay, order and slow readers are in [the protocol](../protocol.md#events).

${topics.join("\n")}`;
}

function errorPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([reason, { rpc, http, retryable }]) =>
      `| \`${reason}\` | ${rpc} | ${http} | ${retryable ? "yes" : ""} | ${REASON_MEANINGS[reason as Reason]} |`,
  );
  return `# Errors

${MADE} \`data.reason\` is the word that does not change; the message is
for people. The HTTP status is that of the routes on the same port; under \`/v1\` the error has the shape of the vendor whose API is spoken.

| reason | JSON-RPC | HTTP | again may help | |
|---|---|---|---|---|
${rows.join("\n")}
`;
}

function scopePage(loaded: readonly AnyMethod[]): string {
  const callable = (scope: AnyMethod["scope"]) =>
    loaded.filter((method) => method.scope === scope).map(({ name }) => `[${name}](rpc.md#${anchor(name)})`);
  const scopes = SCOPES.map((scope) => `## ${scope}\n\n${SCOPE_MEANINGS[scope]}.\n\n${callable(scope).join(", ")}\n`);
  const guests = loaded.filter(({ guest }) => guest).map(({ name }) => `\`${name}\``);
  return `# Scopes

${MADE} The server grants them, a client can only ask for less. The owner
and approved devices have all five; a token has those of \`aleph tokens create\`. None holds another: \`admin\` without \`approve\` answers no approval.

${scopes.join("\n")}
## Without a scope

Anybody who is connected, and before that only what opens the connection: ${callable("public").join(", ")}. Nodes: ${callable("node").join(", ")}.

Guests, whatever their scopes: ${guests.join(", ")}, each for their own session alone.
`;
}

function inDomains(loaded: readonly AnyMethod[]): (readonly [string, readonly AnyMethod[]])[] {
  return Object.entries(Object.groupBy(loaded, ({ name }) => name.slice(0, name.indexOf(".")))).map(
    ([domain, own = []]) => [domain, own] as const,
  );
}

/** As GitHub makes it of a heading. */
function anchor(name: string): string {
  return name.toLowerCase().replaceAll(".", "");
}
