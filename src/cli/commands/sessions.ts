/** `aleph sessions`: look at, export and delete conversations. */
import { lstatSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { Result } from "../../client/client.ts";
import { printable, printableLine } from "../../lib/terminal-text.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { toCount } from "../count.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { checkFolderOf, isFolder } from "../folder-of.ts";
import { formatAgo, formatTime } from "../format.ts";
import { writeJson } from "../output.ts";
import { agreed } from "../question.ts";
import { create, set } from "../sessions/change.ts";
import { context } from "../sessions/context.ts";
import { writeTable } from "../table.ts";

const key = {
  type: "positional",
  required: true,
  description: "session key, such as agent:main:main",
  completion: "sessions",
} as const;

const list = defineCommand({
  summary: "List sessions, newest first",
  args: {
    filter: { type: "string", valueHint: "text", description: "only keys and titles that contain it" },
    limit: { type: "string", valueHint: "n", description: "how many at most", default: "50" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const params = { limit: toCount("limit", args.limit, 1000), ...(args.filter ? { filter: args.filter } : {}) };
      const page = await client.call("session.list", params);
      if (args.json) return writeJson(out, page);
      if (page.sessions.length === 0) {
        err.write(
          args.filter ? "No session matches\n" : `No sessions yet. Begin one with: ${invocation.program} chat\n`,
        );
        return;
      }
      const now = Date.now();
      writeTable(out, page.sessions, [
        { title: "SESSION", value: ({ session_key }) => session_key },
        { title: "TITLE", value: ({ title }) => title, flexible: true },
        { title: "MODEL", value: ({ model }) => model },
        { title: "LAST USED", value: ({ updated_at }) => formatAgo(updated_at, now) },
        { title: "RUN", value: ({ active_run, queued_runs }) => runState(active_run, queued_runs) },
      ]);
    }),
});

const show = defineCommand({
  summary: "Show the last messages of a session",
  args: {
    key,
    limit: { type: "string", valueHint: "n", description: "how many messages at most", default: "20" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const session = await client.call("session.get", { session_key: args.key });
      const page = await client.call("session.history", {
        session_key: args.key,
        limit: toCount("limit", args.limit, 1000),
      });
      if (args.json) return writeJson(out, { session, ...page });
      const { bold, dim } = out.style;
      const title = session.title === null ? "" : `  ${printable(session.title)}`;
      out.write(`${bold(session.session_key)}${title}\n`);
      const earlier = session.message_count - page.messages.length;
      if (earlier > 0) out.write(`${dim(`${earlier} earlier messages are not shown; see --limit`)}\n`);
      for (const message of page.messages) out.write(`\n${messageText(message, bold, dim)}`);
    }),
});

const search = defineCommand({
  summary: "Search what was said in all sessions",
  args: {
    words: { type: "positional", required: true, rest: true, description: "words that a message has" },
    session: { type: "string", valueHint: "key", description: "only in this session", completion: "sessions" },
    limit: { type: "string", valueHint: "n", description: "how many at most", default: "20" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("session.search", {
        query: args._.join(" "),
        limit: toCount("limit", args.limit, 200),
        ...(args.session === undefined ? {} : { session_key: args.session }),
      });
      if (args.json) return writeJson(out, result);
      const { bold, dim } = out.style;
      for (const { session_key, title, message_id, role, ts, snippet } of result.messages) {
        const head = `${bold(session_key)}  ${title === null ? "" : printableLine(title)}`.trimEnd();
        out.write(`${head}\n${dim(`${role} ${message_id}  ${formatTime(ts)}`)}\n  ${printableLine(snippet)}\n\n`);
      }
      if (result.messages.length === 0) err.write("No message has these words\n");
      if (result.not_searched > 0) err.write(`${result.not_searched} messages are not searched yet; try again later\n`);
    }),
});

const FORMATS = ["markdown", "html", "jsonl"] as const;

const exportCommand = defineCommand({
  summary: "Export a whole session",
  details: "markdown and html are for people; jsonl is what aleph import takes in again.",
  args: {
    key,
    format: { type: "enum", options: [...FORMATS], description: "form of the result", default: "markdown" },
    output: {
      type: "string",
      valueHint: "file",
      alias: "o",
      description: "write there; must not exist yet",
      completion: "file",
    },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const format = FORMATS.find((name) => name === args.format) ?? "markdown";
      if (args.output !== undefined) checkOutput(args.output);
      const exported = await client.call("session.export", { session_key: args.key, format });
      const { content } = exported;
      if (args.json && args.output === undefined) return writeJson(out, exported);
      if (args.output === undefined) {
        out.write(out.isTerminal ? printable(content) : content);
        return;
      }
      await writeFile(args.output, content, { flag: "wx", mode: 0o600 });
      if (args.json) writeJson(out, { session_key: args.key, format, output: args.output });
      else err.write(`Written to ${args.output}\n`);
    }),
});

/** It is said before the session is read, and also where only a link without its file is. */
function checkOutput(path: string): void {
  if (isFolder(path)) throw usageError(`${JSON.stringify(path)} is a folder`, "Name a file in it");
  checkFolderOf(path);
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  throw usageError(`${JSON.stringify(path)} exists already`, "Name another file, or remove this one first");
}

const clear = defineCommand({
  summary: "Begin anew in a session: the model forgets, the history stays readable",
  args: { key, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const result = await client.call("session.clear", { session_key: args.key });
      if (args.json) writeJson(invocation.terminal.out, result);
      else invocation.terminal.err.write(`Cleared ${result.session_key}\n`);
    }),
});

const remove = defineCommand({
  summary: "Delete a session with its history and files",
  details: "On a terminal it asks first. What runs in the session is aborted. There is no way back.",
  args: { key, yes: { type: "boolean", alias: "y", description: "do not ask" }, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { terminal } = invocation;
      const { session_key, message_count } = await client.call("session.get", { session_key: args.key });
      const question = `Delete ${session_key} with ${message_count} messages for good?`;
      if (!(await agreed(args, terminal, question))) {
        terminal.err.write("Nothing was deleted\n");
        return EXIT.failure;
      }
      const result = await client.call("session.delete", { session_key });
      if (args.json) writeJson(terminal.out, result);
      else terminal.err.write(`Deleted ${session_key}\n`);
      return EXIT.ok;
    }),
});

const compact = defineCommand({
  summary: "Make a long session shorter for the model: its older part is told by notes",
  details: "Every message is kept, and --undo shows them to the model again.",
  args: { key, undo: { type: "boolean", description: "undo the last compaction" }, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      if (args.undo) {
        const undone = await client.call("session.uncompact", { session_key: args.key });
        if (args.json) return writeJson(out, undone);
        err.write(`The model sees the messages of ${undone.session_key} again\n`);
        return;
      }
      const made = await client.call("session.compact", { session_key: args.key });
      if (args.json) return writeJson(out, made);
      const { compacted, summarised, tokens_before, tokens_after, summary } = made;
      if (!compacted) return void err.write("Nothing is old enough, or no model is there that could take notes\n");
      err.write(`${summarised} messages are told by notes: about ${tokens_before} tokens became ${tokens_after}\n`);
      out.write(`${printable(summary ?? "")}\n`);
    }),
});

const place = {
  before: { type: "string", valueHint: "id", description: "id of the first message that is left out" },
  at: { type: "string", valueHint: "id", description: "id of the last message that stays" },
} as const;

const fork = defineCommand({
  summary: "Copy a session, whole or up to a message, into a new one",
  details: "aleph sessions show has the ids of messages.",
  args: {
    key,
    ...place,
    title: { type: "string", valueHint: "text", description: "of the copy" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { before, at, title } = args;
      const copy = await client.call("session.fork", {
        session_key: args.key,
        ...(before === undefined ? {} : { before }),
        ...(at === undefined ? {} : { at }),
        ...(title === undefined ? {} : { title }),
      });
      if (args.json) writeJson(invocation.terminal.out, copy);
      else invocation.terminal.out.write(`${copy.session_key}\n`);
    }),
});

const rewind = defineCommand({
  summary: "Go back to a message: what came behind it is kept in another session",
  details: "aleph sessions show has the ids of messages.",
  args: { key, ...place, ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { before, at } = args;
      if (before === undefined && at === undefined) throw usageError("Name a message", "With --before or --at");
      const { out, err } = invocation.terminal;
      const back = await client.call("session.rewind", {
        session_key: args.key,
        ...(before === undefined ? {} : { before }),
        ...(at === undefined ? {} : { at }),
      });
      if (args.json) return writeJson(out, back);
      if (back.branch_key === null) return void err.write("Nothing came behind it\n");
      err.write(`${back.moved} messages are taken back; the session as it was is\n`);
      out.write(`${back.branch_key}\n`);
    }),
});

export const sessions = defineGroup({
  summary: "List, show, search, change, export, compact, fork, rewind and delete conversations",
  fallback: "list",
  commands: {
    list,
    show,
    context,
    search,
    create,
    set,
    export: exportCommand,
    clear,
    compact,
    fork,
    rewind,
    delete: remove,
  },
});

type HistoryMessage = Result<"session.history">["messages"][number];

function messageText(message: HistoryMessage, bold: (text: string) => string, dim: (text: string) => string): string {
  const status = message.status === "complete" ? "" : ` (${message.status})`;
  const head = `${bold(message.role)}  ${dim(`${message.id}  ${formatTime(message.ts)}${status}`)}\n`;
  const lines = message.parts.map((part) => partText(part, dim)).filter((line) => line !== "");
  return `${head}${lines.join("\n").trimEnd()}\n`;
}

function partText(part: HistoryMessage["parts"][number], dim: (text: string) => string): string {
  switch (part.type) {
    case "text":
      return printable(part.text);
    case "tool_call":
      return dim(`→ ${printableLine(`${part.tool} ${JSON.stringify(part.args)}`)}`);
    case "tool_result":
      return dim(`← ${printableLine(part.tool)} ${part.status}: ${firstLine(part.text)}`);
    case "media":
      return dim(`[${printableLine(part.name ?? part.mime)}  ${part.media_id}]`);
    case "thinking":
      return "";
  }
}

function firstLine(text: string): string {
  const [line = "", ...more] = printable(text).trim().split("\n");
  return more.length > 0 || line.length > 120 ? `${line.slice(0, 120)} …` : line;
}

function runState(active: string | null, queued: number): string {
  if (active === null) return "";
  return queued > 0 ? `running, ${queued} queued` : "running";
}
