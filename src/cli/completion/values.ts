/** What may stand in a place now, for the Tab key: asked of a running server, or known here. */
import type { Client } from "../../client/client.ts";
import type { Completion, Invocation } from "../command.ts";
import { withClient } from "../connection.ts";
import { homeOf, type ServerFlags } from "../flags.ts";

type Kind = Exclude<Completion, "file" | "folder">;

/** A key press is no reason to wait: whatever has not come by then is not offered. */
const PATIENCE_MS = 2_000;

/** Asked of the server. */
const ASKED: Readonly<Record<Exclude<Kind, keyof typeof OWN>, (client: Client) => Promise<readonly string[]>>> = {
  sessions: async (client) => (await client.call("session.list", {})).sessions.map(({ session_key }) => session_key),
  models: async (client) => (await client.call("models.list", {})).models.map(({ ref }) => ref),
  methods: async (client) => client.hello.features.methods,
  approvals: async (client) =>
    (await client.call("approvals.list", { status: "pending" })).approvals.map(({ approval_id }) => approval_id),
  grants: async (client) => (await client.call("approvals.grants", {})).grants.map(({ approval_id }) => approval_id),
  providers: async (client) => (await client.call("models.config", {})).providers.map(({ id }) => id),
  plugins: async (client) => (await client.call("plugins.list", {})).plugins.map(({ id }) => id),
  agents: async (client) => (await client.call("agent.list", {})).agents.map(({ agent }) => agent),
  devices: async (client) => (await client.call("auth.devices.list", {})).devices.map(({ device_id }) => device_id),
  interfaces: async (client) => (await client.call("interface.list", {})).interfaces.map((each) => each.interface),
  invites: async (client) => (await client.call("auth.invites.list", {})).invites.map(({ invite_id }) => invite_id),
  jobs: async (client) => (await client.call("jobs.list", {})).jobs.map(({ job_id }) => job_id),
  "mcp-servers": async (client) => (await client.call("mcp.list", {})).servers.map(({ name }) => name),
  nodes: async (client) => (await client.call("node.list", {})).nodes.map(({ name }) => name),
  pairings: async (client) => (await client.call("auth.pairing.list", {})).pairings.map(({ code }) => code),
  runs: async (client) => (await client.call("runs.list", { limit: 50 })).runs.map(({ run_id }) => run_id),
  schedules: async (client) => (await client.call("cron.list", {})).jobs.map(({ cron_id }) => cron_id),
  services: async (client) =>
    (await client.call("services.list", {})).services.map(({ plugin_id, name }) => `${plugin_id}/${name}`),
  skills: async (client) => (await client.call("skills.list", {})).skills.map(({ name }) => name),
  tokens: async (client) => (await client.call("auth.tokens.list", {})).tokens.map(({ token_id }) => token_id),
  tools: async (client) => (await client.call("tool.list", {})).tools.map(({ name }) => name),
  webhooks: async (client) => {
    const { in: inbound, out } = await client.call("webhooks.list", {});
    return [...inbound, ...out].map(({ name }) => name);
  },
};

/** Known without a server. */
const OWN = {
  remotes: async (flags: ServerFlags, { env }: Pick<Invocation, "env">) => {
    const { LOCAL, readRemotes } = await import("../remotes.ts");
    return [...Object.keys(readRemotes(homeOf(flags, env)).remotes), LOCAL];
  },
  "config-keys": async () => {
    const { configJsonSchema, listKnownKeys } = await import("../../config/json-schema.ts");
    return listKnownKeys(configJsonSchema()).map(({ key }) => key);
  },
  topics: async () => {
    const { TOPICS } = await import("../../protocol/event-frame.ts");
    return [...new Set(TOPICS.map((topic) => `${topic.split(".")[0]}.*`)), ...TOPICS];
  },
};

export const VALUE_KINDS = [...Object.keys(ASKED), ...Object.keys(OWN)] as readonly Kind[] as Kind[];

/** Throws `AlephError` when no server runs: nothing is started for this. */
export async function valuesOf(kind: Kind, flags: ServerFlags, invocation: Invocation): Promise<readonly string[]> {
  if (isOwn(kind)) return OWN[kind](flags, invocation);
  const list = ASKED[kind];
  const options = { serverOnly: true, mayWait: false, handshakeMs: PATIENCE_MS };
  return withClient(
    flags,
    invocation,
    async ({ client }) => {
      const late = Promise.withResolvers<readonly string[]>();
      const timer = setTimeout(() => late.resolve([]), PATIENCE_MS);
      try {
        return await Promise.race([list(client), late.promise]);
      } finally {
        clearTimeout(timer);
      }
    },
    options,
  );
}

function isOwn(kind: Kind): kind is keyof typeof OWN {
  return Object.hasOwn(OWN, kind);
}
