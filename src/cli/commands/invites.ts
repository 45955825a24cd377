/** `aleph invites`: guests, each for some tools and a time, and the visitors of a page. */
import type { Result } from "../../client/client.ts";
import { widgetTag } from "../../protocol/widget-tag.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo, formatDuration } from "../format.ts";
import { writeJson } from "../output.ts";
import { publicAddress } from "../public-address.ts";
import { writeTable } from "../table.ts";

const HOUR_MS = 3_600_000;
/** Unless the options say something else. */
const USUAL = { hours: 24, page: { hours: 30 * 24, tokens: 1_000_000 } };

const create = defineCommand({
  summary: "Invite a guest; the invite is shown once and opens one conversation",
  details:
    "With --widget it is for the visitors of a web page, and what is shown is the script tag that puts the chat on the page. Anybody who opens the page may use it until its time is over or its allowance is used up.",
  args: {
    tools: {
      type: "string",
      valueHint: "list",
      description: "the tools that the guest's agent may use; none if left out",
    },
    hours: {
      type: "string",
      valueHint: "n",
      description: "how long it lasts, and the guest's stay; 24, with --widget 720 (30 days)",
    },
    tokens: {
      type: "string",
      valueHint: "n",
      description: "tokens that may be used up in all; with --widget 1000000, unless there is --usd",
    },
    usd: { type: "string", valueHint: "amount", description: "US dollars that may be used up in all" },
    widget: { type: "boolean", description: "for the visitors of a web page" },
    origin: {
      type: "string",
      valueHint: "origin",
      description: "with --widget: where the page is, such as https://example.org",
      repeatable: true,
    },
    uses: {
      type: "string",
      valueHint: "n",
      description: "with --widget: how many visitors it lets in; no limit if left out",
    },
    title: { type: "string", valueHint: "text", description: "with --widget: what stands above the chat" },
    at: {
      type: "string",
      valueHint: "url",
      description: "with --widget: the address by which the visitors reach this server",
    },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ["aleph invites create --tools web_search,time --hours 2 --usd 0.50", "a guest for two hours and half a dollar"],
    [
      "aleph invites create --widget --origin https://example.org --at https://aleph.example.org --usd 20",
      "a chat for the pages of example.org",
    ],
  ],
  run(args, invocation) {
    const page = args.widget === true;
    const origins = invocation.all("origin");
    const stray = (["uses", "title", "at"] as const).find((name) => args[name] !== undefined);
    if (!page && (stray !== undefined || origins.length > 0)) {
      throw usageError(`--${stray ?? "origin"} is for --widget`, "A guest's invite counts once, for one person");
    }
    if (page && origins.length === 0) {
      throw usageError("--widget needs --origin", "Name the page's origin: --origin https://example.org");
    }
    const tools = (args.tools ?? "")
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "");
    const usd = amount("--usd", args.usd);
    const tokens = amount("--tokens", args.tokens) ?? (page && usd === undefined ? USUAL.page.tokens : undefined);
    const uses = amount("--uses", args.uses);
    const hours = amount("--hours", args.hours) ?? (page ? USUAL.page.hours : USUAL.hours);
    const wanted = {
      tools,
      expires_in_ms: Math.round(hours * HOUR_MS),
      budget: { ...(tokens === undefined ? {} : { tokens }), ...(usd === undefined ? {} : { cost_usd: usd }) },
      ...(page ? { origins: [...origins], ...(uses === undefined ? {} : { uses }) } : {}),
    };
    return withClient(args, invocation, async ({ client, url }) => {
      const { out, err } = invocation.terminal;
      const server = page ? await publicAddress(args, { env: invocation.env, url }) : undefined;
      if (page && server === undefined)
        throw usageError("No server runs, so its address is not known", "Name it with --at");
      const made = await client.call("auth.invites.create", wanted);
      if (server === undefined) return args.json ? writeJson(out, made) : void out.write(`${made.invite}\n`);
      const tag = widgetTag({ origin: server.origin, invite: made.invite, title: args.title });
      if (args.json) return writeJson(out, { ...made, tag });
      out.write(`${tag}\n`);
      const most = budgetOf({ tokens: tokens ?? null, cost_usd: usd ?? null });
      err.write(`Its visitors may use up ${most} in all, for ${formatDuration(wanted.expires_in_ms)}\n`);
      if (server.isOnlyHere) {
        err.write("Only this machine reaches that address: name another one with --at\n");
      }
    });
  },
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
        { title: "FOR", value: ({ origins }) => origins.join(",") || "a guest", flexible: true },
        { title: "USED", value: (invite) => usedOf(invite, now) },
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

function usedOf({ origins, uses, used, used_at }: Result<"auth.invites.list">["invites"][number], now: number): string {
  const last = used_at === null ? "not yet" : formatAgo(used_at, now);
  if (origins.length === 0 || used_at === null) return last;
  return `${uses === null ? used : `${used} of ${uses}`}, ${last}`;
}
