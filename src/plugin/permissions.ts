/** What a plugin asks for: compared with what was approved, and said in plain words. */
import { reachOf } from "../lib/ip-address.ts";
import { parseNetworkRule } from "../sandbox/network-rules.ts";
import type { PluginHook, PluginManifest, PluginPermissions, PromptScope } from "../sdk/plugin.ts";

/** What the owner approved. */
export interface PluginGrant extends PluginPermissions {
  /** Routes that answer without the owner's token: `POST /webhooks/github (signature)`. */
  readonly routes: readonly string[];
}

export function wantedBy({ permissions, httpRoutes }: PluginManifest): PluginGrant {
  const { network, filesystem, env } = permissions;
  const open = httpRoutes.filter(({ auth }) => auth !== "token");
  return { network, filesystem, env, routes: open.map(({ method, path, auth }) => `${method} ${path} (${auth})`) };
}

/** Whether each wish is among what was granted, in the same words. */
export function isCovered(wanted: PluginGrant, granted: PluginGrant): boolean {
  return (["network", "filesystem", "env", "routes"] as const).every((key) =>
    wanted[key].every((wish) => granted[key].includes(wish)),
  );
}

/** Whether the owner must be asked: it has code, or wants something. */
export function asksForApproval(manifest: PluginManifest): boolean {
  return manifest.kind !== "static" || !isCovered(wantedBy(manifest), NOTHING);
}

const NOTHING: PluginGrant = { network: [], filesystem: [], env: [], routes: [] };

/** One sentence for each thing that it may do, without a full stop; the same for RPC, CLI and panel. */
export function summarizePermissions(manifest: PluginManifest): readonly string[] {
  const { id, permissions, prompt, httpRoutes, hooks, channels, providers, services, start, kind } = manifest;
  const lines = [
    ...permissions.network.map(connectLine),
    ...permissions.filesystem.map(fileLine),
    ...permissions.env.map((name) => `Gets the value of the variable ${name}`),
  ];
  if (lines.length === 0 && kind !== "static") lines.push("Has no network, no files of yours and no variables");
  for (const { method, path, auth } of httpRoutes) {
    if (auth === "public") lines.push(`Answers anyone who calls ${method} /plugins/${id}${path}`);
    if (auth === "signature") lines.push(`Answers signed calls of ${method} /plugins/${id}${path}`);
  }
  lines.push(...promptLine(id, prompt?.scope), ...hooks.map(hookLine));
  lines.push(...channels.map(({ name }) => `Brings you messages from ${name} and sends the answers there`));
  lines.push(...providers.map(({ name }) => `Answers as the model provider ${name}`));
  if (start === "boot" || services.some(({ autoStart }) => autoStart))
    lines.push("Runs in the background all the time");
  return [...new Set(lines)];
}

function promptLine(id: string, scope: PromptScope | undefined): readonly string[] {
  switch (scope) {
    case "system":
      return ["Tells the model something in every run"];
    case "tool":
      return ["Tells the model something in runs in which its tools may be used"];
    case "standalone":
      return [`Tells the model something when a message begins with /${id}`];
    default:
      return [];
  }
}

function connectLine(rule: string): string {
  const [, scheme = "", host = "", port] = /^connect:([a-z]+):\/\/(.*?)(?::(\d+))?$/i.exec(rule) ?? [];
  const at = port === undefined ? "" : ` at port ${port}`;
  return `May connect to ${hostWords(rule) ?? host}${at} over ${scheme.toLowerCase()}`;
}

/** As it is understood, not as it is spelled: `2130706433` is this machine. Nothing for a rule that is none. */
function hostWords(rule: string): string | undefined {
  try {
    const { host, match } = parseNetworkRule(rule);
    if (match === "any") return "every host on the internet";
    if (match === "below") return `every host below ${host}`;
    const shown = host.includes(":") ? `[${host}]` : host;
    const isHere = host === "localhost" || host.endsWith(".localhost") || reachOf(host) === "loopback";
    return isHere ? `${shown} (this machine)` : shown;
  } catch {
    // Whoever judges the plugin says what is wrong with it.
    return undefined;
  }
}

function fileLine(rule: string): string {
  const isWrite = rule.startsWith("write:");
  const path = rule.slice(rule.indexOf(":") + 1);
  const isOwn = !path.startsWith("/") && !path.startsWith("~");
  const name = path.replace(/^\.\/?/, "").replace(/\/$/, "");
  const place = isOwn ? (name === "" ? "its own folder" : `its folder ${name}`) : path;
  return `May read ${isWrite ? "and write " : ""}${place}`;
}

const SUBJECTS = {
  before_tool_call: "every tool call",
  after_tool_call: "the result of every tool call",
  on_message: "every message that you write",
  on_response: "every answer",
  on_error: "every error",
} as const satisfies Record<PluginHook["event"], string>;

function hookLine({ event, kind }: PluginHook): string {
  return `${kind === "observer" ? "Sees" : "Sees and may change or stop"} ${SUBJECTS[event]}`;
}
