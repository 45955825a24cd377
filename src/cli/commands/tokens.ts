/** `aleph tokens`: tokens beside the owner's, each with a name and scopes of its own. */
import { SCOPES } from "../../protocol/identity.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo, formatDuration } from "../format.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

const DAY_MS = 86_400_000;

const create = defineCommand({
  summary: "Make a token; it is shown once",
  args: {
    name: { type: "positional", required: true, description: "what it is for" },
    scopes: { type: "string", valueHint: "list", description: "what it may do", default: "read,chat" },
    days: { type: "string", valueHint: "n", description: "how long it lasts; for ever if left out" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [["aleph tokens create phone --scopes read,chat --days 30", "a token that talks to the agent for a month"]],
  async run(args, invocation) {
    const names = args.scopes.split(",").map((name) => name.trim());
    const scopes = SCOPES.filter((scope) => names.includes(scope));
    if (scopes.length !== new Set(names).size) {
      throw usageError(`--scopes knows ${SCOPES.join(", ")}`, "For example --scopes read,chat");
    }
    const days = args.days === undefined ? undefined : Number(args.days);
    if (days !== undefined && !(Number.isInteger(days) && days >= 1 && days <= 36_500)) {
      throw usageError("--days must be a whole number from 1 to 36500", "For example --days 30");
    }
    await withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const expiry = days === undefined ? {} : { expires_in_ms: days * DAY_MS };
      const made = await client.call("auth.tokens.create", { name: args.name, scopes, ...expiry });
      if (args.json) writeJson(out, made);
      else out.write(`${made.token}\n`);
    });
  },
});

const list = defineCommand({
  summary: "List them, without what they are",
  args: { ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("auth.tokens.list", {});
      if (args.json) return writeJson(out, result);
      if (result.tokens.length === 0) return void err.write("There is only the owner's token\n");
      const now = Date.now();
      writeTable(out, result.tokens, [
        { title: "TOKEN", value: ({ token_id }) => token_id },
        { title: "NAME", value: ({ name }) => name, flexible: true },
        { title: "SCOPES", value: ({ scopes }) => scopes.join(",") },
        {
          title: "USED",
          value: ({ last_used_at }) => (last_used_at === null ? "never" : formatAgo(last_used_at, now)),
        },
        {
          title: "EXPIRES",
          value: ({ expires_at }) =>
            expires_at === null ? "never" : expires_at <= now ? "expired" : formatDuration(expires_at - now),
        },
      ]);
    }),
});

const revoke = defineCommand({
  summary: "End a token and what was opened with it",
  args: {
    id: { type: "positional", required: true, description: "token id, see the list", completion: "tokens" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("auth.tokens.revoke", { token_id: args.id });
      if (args.json) writeJson(out, result);
      else err.write("Worth nothing any more\n");
    }),
});

const rotate = defineCommand({
  summary: "Put a new secret in place of a token's, which then is worth nothing",
  details:
    "Without an id the owner's token gets a new one, in credentials/token and shown once. Jobs that were made with the old one are paused: see aleph cron.",
  args: {
    id: {
      type: "positional",
      required: false,
      description: "token id, see the list; the owner's if left out",
      completion: "tokens",
    },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const made = await client.call("auth.tokens.rotate", args.id === undefined ? {} : { token_id: args.id });
      if (args.json) writeJson(out, made);
      else out.write(`${made.token}\n`);
    }),
});

export const tokens = defineGroup({
  summary: "Make, list, replace and end tokens",
  fallback: "list",
  commands: { create, list, rotate, revoke },
});
