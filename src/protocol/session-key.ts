/**
 * Session keys: which conversation a message belongs to. The only module that builds or takes apart a key.
 *
 *     agent:main:main                          cross-channel session
 *     agent:main:telegram:dm:user123           direct messages of one peer
 *     agent:main:discord:group:guild-id        a group, optionally :thread:<id>
 *     agent:main:cron:daily-summary            task (cron, hook, webhook)
 *     agent:main:chat:<id>                     a named conversation of the owner (panel, CLI)
 *     agent:main:ephemeral:<id>                nothing is kept
 *     subagent:<key of the parent>:<name>      delegated work
 */
import { AlephError } from "./errors.ts";

export type SessionKey =
  | { readonly form: "main"; readonly agent: string; readonly name: string }
  | { readonly form: "direct"; readonly agent: string; readonly channel: string; readonly peer: string }
  | {
      readonly form: "group";
      readonly agent: string;
      readonly channel: string;
      readonly group: string;
      readonly thread?: string;
    }
  | { readonly form: "task"; readonly agent: string; readonly source: TaskSource; readonly id: string }
  | { readonly form: "chat"; readonly agent: string; readonly id: string }
  | { readonly form: "ephemeral"; readonly agent: string; readonly id: string }
  | { readonly form: "subagent"; readonly parent: string; readonly name: string };

export const TASK_SOURCES = ["cron", "hook", "webhook"] as const;
export type TaskSource = (typeof TASK_SOURCES)[number];

export const MAIN_SESSION_KEY = "agent:main:main";

/** Short and plain, so that a key is safe in a log or a URL. Phone numbers begin with +, Telegram's groups with -. */
const SEGMENT = /^[A-Za-z0-9+-][A-Za-z0-9_.@+-]{0,127}$/;
/** An agent's name is also that of a folder. */
const AGENT = /^[A-Za-z0-9]/;
const MAX_LENGTH = 512;
const MAX_SUBAGENT_DEPTH = 4;

/** Throws `invalid_params` with the reason when `text` is not a session key. */
export function parseSessionKey(text: string): SessionKey {
  if (text.length > MAX_LENGTH) throw refuse(text, `it is longer than ${MAX_LENGTH} characters`);
  const parts = text.split(":");
  for (const part of parts) {
    if (part === "") throw refuse(text, "it has an empty segment");
    if (!SEGMENT.test(part)) throw refuse(text, `segment "${part.slice(0, 40)}" has characters that are not allowed`);
  }
  if (parts[0] === "subagent") return parseSubagent(text, parts);
  if (parts[0] !== "agent") throw refuse(text, 'it must begin with "agent:" or "subagent:"');
  const [, agent, first, second, third, fourth, fifth] = parts;
  if (!agent || !first) throw refuse(text, "the agent's name and the kind of session must follow");
  if (!AGENT.test(agent)) throw refuse(text, `agent "${agent.slice(0, 40)}" must begin with a letter or a digit`);
  if (parts.length === 3) return { form: "main", agent, name: first };
  if (!second) throw refuse(text, `an id must follow "${first}"`);
  if (parts.length === 4) {
    if (isTaskSource(first)) return { form: "task", agent, source: first, id: second };
    if (first === "chat" || first === "ephemeral") return { form: first, agent, id: second };
    throw refuse(text, `"${first}" is not one of ${[...TASK_SOURCES, "chat", "ephemeral"].join(", ")}`);
  }
  if (!third) throw refuse(text, `an id must follow "${second}"`);
  if (second === "dm" && parts.length === 5) return { form: "direct", agent, channel: first, peer: third };
  if (second === "group" && parts.length === 5) return { form: "group", agent, channel: first, group: third };
  if (second === "group" && parts.length === 7 && fourth === "thread" && fifth) {
    return { form: "group", agent, channel: first, group: third, thread: fifth };
  }
  throw refuse(text, `after the channel comes "dm:<peer>" or "group:<id>", optionally ":thread:<id>"`);
}

/** The text of a key. Throws `invalid_params` when a part has characters that a key cannot hold. */
export function buildSessionKey(key: SessionKey): string {
  const { form: _form, ...parts } = key;
  for (const [name, part] of Object.entries(parts)) {
    // A colon in a part would make the key of another session.
    if (part !== undefined && name !== "parent" && !SEGMENT.test(part)) {
      throw refuse(keyText(key), `${name} ${JSON.stringify(part.slice(0, 40))} has characters that are not allowed`);
    }
  }
  return canonicalSessionKey(keyText(key));
}

/** The one spelling of a key that may have several; what is stored and compared. Throws as `parseSessionKey`. */
export function canonicalSessionKey(text: string): string {
  return keyText(parseSessionKey(text));
}

/** The agent that a session belongs to; a subagent belongs to its parent's agent. */
export function agentOf(key: SessionKey): string {
  return key.form === "subagent" ? agentOf(parseSessionKey(key.parent)) : key.agent;
}

/** Whether a session belongs to a subagent of another, at any depth. Throws `invalid_params` for what is no key. */
export function isBelow(sessionKey: string, ancestor: string): boolean {
  let key = parseSessionKey(sessionKey);
  while (key.form === "subagent") {
    if (key.parent === ancestor) return true;
    key = parseSessionKey(key.parent);
  }
  return false;
}

/** Whether nothing of the session may reach the disk. A subagent of an ephemeral session is ephemeral as well. */
export function isEphemeral(key: SessionKey): boolean {
  return key.form === "subagent" ? isEphemeral(parseSessionKey(key.parent)) : key.form === "ephemeral";
}

function keyText(key: SessionKey): string {
  switch (key.form) {
    case "main":
      return `agent:${key.agent}:${key.name}`;
    case "direct":
      return `agent:${key.agent}:${key.channel}:dm:${key.peer}`;
    case "group":
      return `agent:${key.agent}:${key.channel}:group:${key.group}${key.thread === undefined ? "" : `:thread:${key.thread}`}`;
    case "task":
      return `agent:${key.agent}:${key.source}:${key.id}`;
    case "chat":
    case "ephemeral":
      return `agent:${key.agent}:${key.form}:${key.id}`;
    case "subagent":
      // The documented short form: the parent `agent:main:main` is written `agent:main`.
      return `subagent:${key.parent.replace(/^(agent:[^:]+):main$/, "$1")}:${key.name}`;
  }
}

function parseSubagent(text: string, parts: readonly string[]): SessionKey {
  const depth = parts.findIndex((part) => part !== "subagent");
  if (depth > MAX_SUBAGENT_DEPTH) throw refuse(text, `subagents nest deeper than ${MAX_SUBAGENT_DEPTH}`);
  const parent = parts.slice(1, -1).join(":");
  const name = parts.at(-1);
  if (!parent || !name) throw refuse(text, "a subagent needs its parent's key and a name");
  // `subagent:agent:main:translator` (as documented) names the agent's main session by its short form `agent:main`.
  const full = /^agent:[^:]+$/.test(parent) ? `${parent}:main` : parent;
  return { form: "subagent", parent: canonicalSessionKey(full), name };
}

function isTaskSource(text: string): text is TaskSource {
  return (TASK_SOURCES as readonly string[]).includes(text);
}

function refuse(text: string, why: string): AlephError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new AlephError("invalid_params", `Session key ${JSON.stringify(shown)} is not valid: ${why}`, {
    data: { issues: [{ path: "session_key", message: why }], hint: `Use a key such as "${MAIN_SESSION_KEY}"` },
  });
}
