/** `aleph approvals`: tool calls that wait for a person. */
import type { Client, Params, Result } from "../../client/client.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { writeQuestion } from "../conversation/approval.ts";
import { callLabel } from "../conversation/view.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo, formatDuration } from "../format.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

const STATUSES = ["pending", "approved", "denied", "expired", "cancelled"] as const;

const id = {
  type: "positional",
  required: true,
  description: "approval id, see the list",
  completion: "approvals",
} as const;

const list = defineCommand({
  summary: "List what waits for an answer",
  args: {
    status: { type: "enum", options: [...STATUSES, "all"], description: "those that stand so", default: "pending" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const status = STATUSES.find((known) => known === args.status);
      const result = await client.call("approvals.list", status ? { status } : {});
      if (args.json) return writeJson(out, result);
      if (result.approvals.length === 0) return void err.write("Nothing waits for an answer\n");
      const now = Date.now();
      writeTable(out, result.approvals, [
        { title: "APPROVAL", value: ({ approval_id }) => approval_id },
        { title: "STATUS", value: ({ status: own }) => own },
        { title: "WHAT", value: ({ tool, plan }) => callLabel(tool, plan), flexible: true },
        { title: "ASKED", value: ({ created_at }) => formatAgo(created_at, now) },
        {
          title: "EXPIRES",
          value: ({ status: own, expires_at }) => (own === "pending" ? formatDuration(expires_at - now) : ""),
        },
      ]);
    }),
});

const show = defineCommand({
  summary: "Show one approval with the whole plan",
  args: { id, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const found = await client.call("approvals.get", { approval_id: args.id });
      if (args.json) return writeJson(invocation.terminal.out, found);
      writeQuestion(invocation.terminal.out, found);
      invocation.terminal.out.write(`  ${found.status}${found.decision ? ` (${found.decision})` : ""}\n`);
    }),
});

const approve = defineCommand({
  summary: "Allow it: once, or from now on",
  args: {
    id,
    session: { type: "boolean", description: "allow exactly this for the rest of the session" },
    always: { type: "boolean", description: "allow exactly this from now on" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) => {
    if (args.session && args.always)
      throw usageError("--session and --always contradict each other", "Leave one of them out");
    const decision = args.always ? "always" : args.session ? "session" : "once";
    return withClient(args, invocation, ({ client }) => resolve(client, args.id, decision, args.json, invocation), {
      serverOnly: true,
    });
  },
});

const deny = defineCommand({
  summary: "Deny it",
  args: { id, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, ({ client }) => resolve(client, args.id, "deny", args.json, invocation), {
      serverOnly: true,
    }),
});

const grants = defineCommand({
  summary: "List what was allowed for a session or for always",
  args: { ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("approvals.grants", {});
      if (args.json) return writeJson(out, result);
      if (result.grants.length === 0) return void err.write("Nothing is allowed for longer than once\n");
      const now = Date.now();
      writeTable(out, result.grants, [
        { title: "APPROVAL", value: ({ approval_id }) => approval_id },
        { title: "FOR", value: ({ scope, session_key }) => session_key ?? scope },
        { title: "WHAT", value: ({ tool, allows }) => grantLabel(tool, allows), flexible: true },
        { title: "BY", value: ({ granted_by }) => granted_by ?? "" },
        { title: "SINCE", value: ({ created_at }) => formatAgo(created_at, now) },
      ]);
    }),
});

const revoke = defineCommand({
  summary: "Take back what was allowed for a session or for always",
  args: {
    id: { ...id, description: "approval id, see approvals grants", completion: "grants" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("approvals.revoke", { approval_id: args.id });
      if (args.json) writeJson(out, result);
      else err.write(`Not allowed any more: ${grantLabel(result.tool, result.allows)}\n`);
    }),
});

export const approvals = defineGroup({
  summary: "Answer the agent's questions about tool calls",
  fallback: "list",
  commands: { list, show, approve, deny, grants, revoke },
});

/** A pattern as a command line, anything else as the call that it is. */
function grantLabel(tool: string, allows: unknown): string {
  const { program, args } = (allows ?? {}) as { readonly program?: unknown; readonly args?: unknown };
  return typeof program === "string" && Array.isArray(args)
    ? `$ ${printableLine([program, ...args].join(" "))}`
    : callLabel(tool, allows);
}

async function resolve(
  client: Client,
  approval_id: string,
  decision: Params<"approvals.resolve">["decision"],
  json: boolean | undefined,
  { terminal }: Parameters<typeof withClient>[1],
): Promise<void> {
  const result: Result<"approvals.resolve"> = await client.call("approvals.resolve", { approval_id, decision });
  if (json) writeJson(terminal.out, result);
  else
    terminal.err.write(
      `${result.status === "approved" ? "Allowed" : "Denied"}: ${callLabel(result.tool, result.plan)}\n`,
    );
}
