/** `aleph invites`: guests, each for some tools and a time. */
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo, formatDuration } from "../format.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

const HOUR_MS = 3_600_000;

const create = defineCommand({
  summary: "Invite a guest; the invite is shown once and opens one conversation",
  args: {
    tools: {
      type: "string",
      valueHint: "list",
      description: "the tools that the guest's agent may use; none if left out",
    },
    hours: { type: "string", valueHint: "n", description: "how long it lasts, and the guest's stay", default: "24" },
    tokens: { type: "string", valueHint: "n", description: "tokens that the guest may use up" },
    usd: { type: "string", valueHint: "amount", description: "US dollars that the guest may use up" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ["invites create --tools web_search,time --hours 2 --usd 0.50", "a guest for two hours and half a dollar"],
  ],
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const tools = (args.tools ?? "")
        .split(",")
        .map((name) => name.trim())
        .filter((name) => name !== "");
      const tokens = amount("--tokens", args.tokens);
      const usd = amount("--usd", args.usd);
      const made = await client.call("auth.invites.create", {
        tools,
        expires_in_ms: Math.round(amount("--hours", args.hours)! * HOUR_MS),
        budget: { ...(tokens === undefined ? {} : { tokens }), ...(usd === undefined ? {} : { cost_usd: usd }) },
      });
      if (args.json) writeJson(out, made);
      else out.write(`${made.invite}\n`);
    }),
});

const list = defineCommand({
  summary: "List the invites, without what they are",
  args: { ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("auth.invites.list", {});
      if (args.json) return writeJson(out, result);
      if (result.invites.length === 0) return void err.write("Nobody is invited\n");
      const now = Date.now();
      writeTable(out, result.invites, [
        { title: "INVITE", value: ({ invite_id }) => invite_id },
        { title: "TOOLS", value: ({ tools }) => tools.join(",") || "none", flexible: true },
        { title: "BUDGET", value: ({ budget }) => budgetOf(budget) },
        { title: "USED", value: ({ used_at }) => (used_at === null ? "not yet" : formatAgo(used_at, now)) },
        {
          title: "EXPIRES",
          value: ({ expires_at }) => (expires_at <= now ? "expired" : formatDuration(expires_at - now)),
        },
      ]);
    }),
});

const revoke = defineCommand({
  summary: "End an invite and the guest's stay",
  args: {
    id: { type: "positional", required: true, description: "invite id, see the list", completion: "invites" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("auth.invites.revoke", { invite_id: args.id });
      if (args.json) writeJson(out, result);
      else err.write("Ended\n");
    }),
});

export const invites = defineGroup({
  summary: "Invite guests, and end their stay",
  fallback: "list",
  commands: { create, list, revoke },
});

function amount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw usageError(`${option} must be a number above 0`, `For example ${option} 2`);
}

function budgetOf({ tokens, cost_usd }: { tokens: number | null; cost_usd: number | null }): string {
  const parts = [tokens === null ? "" : `${tokens} tokens`, cost_usd === null ? "" : `$${cost_usd}`];
  return parts.filter((part) => part !== "").join(", ") || "no limit";
}
