/** `aleph import`: conversations of other programs, and sessions that were exported. */
import { resolve } from "node:path";
import type { Client, Result } from "../../client/client.ts";
import { readFiles } from "../../import/read-files.ts";
import { LeftOut, type Reading } from "../../import/reading.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { IMPORT_SOURCES, type ImportedConversation } from "../../protocol/imported.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { writeJson } from "../output.ts";
import { openProgress } from "../progress.ts";
import { writeTable } from "../table.ts";

export const importCommand = defineCommand({
  summary: "Take in conversations of OpenClaw, Claude Code and ChatGPT, and exported sessions",
  details:
    "A file or a folder of them; what each is shows in its content. The same message is taken in once, however often it is read. Dates are kept. What tools gave there counts as text of strangers here.",
  args: {
    path: { type: "positional", required: true, description: "file or folder", completion: "file" },
    from: { type: "enum", options: [...IMPORT_SOURCES], description: "take it for a file of this program" },
    agent: {
      type: "string",
      valueHint: "name",
      description: "whose conversations they become",
      default: "main",
      completion: "agents",
    },
    "dry-run": { type: "boolean", description: "only tell what would happen" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ["aleph import ~/.openclaw/agents/main/sessions", "all of OpenClaw's sessions"],
    ["aleph import ~/.claude/projects --dry-run", "what would come from Claude Code"],
    ["aleph import conversations.json", "from ChatGPT's export, unpacked"],
  ],
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { out, err } = invocation.terminal;
      const from = IMPORT_SOURCES.find((name) => name === args.from);
      const dryRun = args["dry-run"] === true;
      const report = new Report();
      using progress = openProgress(invocation.terminal, "Reading");
      for await (const { path, reading } of readFiles(resolve(args.path), from)) {
        progress.say(printableLine(`${path}: ${report.rows.length} conversations so far`));
        if (reading === undefined) report.unknown.push(path);
        else await take(client, path, reading, { agent: args.agent, dryRun, report });
      }
      progress[Symbol.dispose]();
      if (args.json) writeJson(out, { dry_run: dryRun, ...report.facts() });
      else {
        if (report.rows.length > 0) {
          writeTable(out, report.rows, [
            { title: "FROM", value: ({ source }) => source },
            { title: "SESSION", value: ({ session_key }) => session_key },
            { title: "TITLE", value: ({ title }) => title, flexible: true },
            { title: "NEW", value: ({ imported }) => imported, align: "right" },
            { title: "GROWN", value: ({ updated }) => updated, align: "right" },
            { title: "KNOWN", value: ({ known }) => known, align: "right" },
          ]);
        }
        for (const line of report.lines(dryRun)) err.write(`${printableLine(line)}\n`);
      }
      if (report.rows.length === 0 && report.faults.length === 0) {
        throw usageError(
          `There is no conversation of a known form in ${args.path}`,
          `It takes files of ${IMPORT_SOURCES.join(", ")}`,
        );
      }
      return report.faults.length > 0 ? EXIT.failure : EXIT.ok;
    }),
});

type Row = Result<"session.import">["conversations"][number] & {
  readonly source: Reading["source"];
  readonly title: string | null;
};

class Report {
  readonly rows: Row[] = [];
  readonly faults: { readonly file: string; readonly line?: number; readonly message: string }[] = [];
  readonly unknown: string[] = [];
  readonly leftOut = new LeftOut();

  /** The same conversation may come in several parts. */
  add(row: Row): void {
    const at = this.rows.findIndex(({ session_key }) => session_key === row.session_key);
    const before = this.rows[at];
    if (before === undefined) this.rows.push(row);
    else {
      this.rows[at] = {
        ...before,
        imported: before.imported + row.imported,
        updated: before.updated + row.updated,
        known: before.known + row.known,
      };
    }
  }

  facts() {
    return { conversations: this.rows, left_out: this.leftOut.all, faults: this.faults, unknown_files: this.unknown };
  }

  lines(dryRun: boolean): readonly string[] {
    const messages = this.rows.reduce((sum, { imported }) => sum + imported, 0);
    const created = this.rows.filter((row) => row.created).length;
    const verb = dryRun ? "Would take in" : "Took in";
    return [
      `${verb} ${messages} messages; ${created} of ${this.rows.length} conversations ${created === 1 ? "is" : "are"} new`,
      ...this.leftOut.all.map(({ what, count }) => `Left out: ${count} ${what}`),
      ...this.unknown.map((path) => `Not of a known form: ${path}`),
      ...this.faults.map(({ file, line, message }) => `${file}${line === undefined ? "" : `:${line}`}: ${message}`),
    ];
  }
}

interface Taking {
  readonly agent: string;
  readonly dryRun: boolean;
  readonly report: Report;
}

async function take(client: Client, path: string, reading: Reading, { agent, dryRun, report }: Taking): Promise<void> {
  const { source, conversations, faults, leftOut } = reading;
  report.leftOut.merge(leftOut);
  for (const { line, message } of faults)
    report.faults.push({ file: path, ...(line === undefined ? {} : { line }), message });
  const titles = new Map(conversations.map(({ id, title }) => [id, title]));
  for (const batch of batches(conversations, client.hello.policy.max_payload / 4)) {
    const answer = await client.call("session.import", { source, agent, conversations: batch, dry_run: dryRun });
    for (const row of answer.conversations) report.add({ ...row, source, title: titles.get(row.id) ?? null });
  }
}

const MAX_MESSAGES = 500;

/** Requests that the server takes at once without letting others wait: some messages each. */
function* batches(conversations: readonly ImportedConversation[], maxBytes: number): Generator<ImportedConversation[]> {
  let batch: ImportedConversation[] = [];
  let bytes = 0;
  let count = 0;
  for (const { messages, ...conversation } of conversations) {
    let own: ImportedConversation | undefined;
    for (const message of messages) {
      const size = JSON.stringify(message).length * 2;
      if (count > 0 && (count >= MAX_MESSAGES || bytes + size > Math.min(maxBytes, 2_000_000))) {
        yield batch;
        batch = [];
        bytes = 0;
        count = 0;
        own = undefined;
      }
      if (own === undefined) {
        own = { ...conversation, messages: [] };
        batch.push(own);
      }
      own.messages.push(message);
      bytes += size;
      count++;
    }
  }
  if (batch.length > 0) yield batch;
}
