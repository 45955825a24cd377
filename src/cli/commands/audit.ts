/** `aleph audit`: what was decided and done, and whether the record of it is whole. */
import type { Result } from "../../client/client.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { writeJson } from "../output.ts";
import { writeTable } from "../table.ts";

type Row = Result<"audit.list">["rows"][number];

const list = defineCommand({
  summary: "List what was decided and done, newest last",
  args: {
    limit: { type: "string", valueHint: "n", description: "how many rows at most", default: "50" },
    tool: { type: "string", valueHint: "name", description: "calls of this tool alone" },
    session: { type: "string", valueHint: "key", description: "of this session alone", completion: "sessions" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [["aleph audit list --tool exec", "the last commands, and what was decided about them"]],
  async run(args, invocation) {
    const limit = Number(args.limit);
    if (!Number.isInteger(limit) || limit < 1 || limit > 1000) {
      throw usageError("--limit must be a whole number from 1 to 1000", "For example --limit 20");
    }
    await withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const found = await client.call("audit.list", {
        limit,
        ...(args.tool === undefined ? {} : { tool: args.tool }),
        ...(args.session === undefined ? {} : { session_key: args.session }),
      });
      if (args.json) return writeJson(out, found);
      const isPart = args.tool !== undefined || args.session !== undefined;
      if (found.rows.length === 0) err.write(isPart ? "No row is about that\n" : "Nothing was decided or done yet\n");
      else {
        writeTable<Row>(out, found.rows.toReversed(), [
          { title: "ROW", value: ({ seq }) => seq, align: "right" },
          { title: "TIME", value: ({ ts }) => new Date(ts).toISOString() },
          { title: "WHAT", value: ({ kind }) => kind },
          { title: "WHO", value: ({ identity }) => identity ?? "" },
          { title: "TOOL", value: ({ tool }) => tool ?? "" },
          { title: "HOW", value: describe, flexible: true },
        ]);
      }
    });
  },
});

const verify = defineCommand({
  summary: "Check that no row was changed, put in or taken out",
  args: { ...jsonFlag, ...serverFlags },
  examples: [["aleph audit verify", "ends with 1 when something is wrong with the record"]],
  async run(args, invocation) {
    return await withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const verdict = await client.call("audit.verify", {});
      if (args.json) writeJson(out, verdict);
      else if (verdict.ok) {
        const { rows, head, kept_from } = verdict;
        out.write(`${rows} rows, all as they were written${head === null ? "" : `; head ${head}`}\n`);
        if (kept_from !== null) {
          const when = new Date(kept_from.pruned_at).toISOString();
          out.write(`Kept from row ${kept_from.seq} on; those before it were pruned, the last of them at ${when}\n`);
        }
      } else {
        out.write(`The record was tampered with, or the database is damaged:\n`);
        for (const { seq, problem } of verdict.faults) out.write(`  row ${seq}: ${problem}\n`);
      }
      return verdict.ok ? 0 : 1;
    });
  },
});

export const audit = defineGroup({
  summary: "See what was decided and done, and check the record of it",
  fallback: "list",
  commands: { list, verify },
});

function describe({ kind, detail }: Row): string {
  if (kind === "decision") return `${String(detail.tier)}: ${String(detail.reason)}`;
  if (kind === "call" || kind === "approval") return String(detail.status ?? detail.decision);
  if (kind === "checkpoint") return "all rows up to this one were pruned";
  return Object.entries(detail)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(", ") : String(value)}`)
    .join(", ");
}
