/** `aleph memory`: what is remembered; looked at, added to and forgotten. */
import type { Result } from "../../client/client.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { defineCommand, defineGroup, type Invocation } from "../command.ts";
import { withClient } from "../connection.ts";
import { toCount } from "../count.ts";
import { EXIT } from "../exit-codes.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatTime } from "../format.ts";
import { writeJson } from "../output.ts";
import { confirm } from "../question.ts";
import { writeFacts, writeTable } from "../table.ts";

type Shown = Result<"memory.list">["facts"][number];

const agent = {
  type: "string",
  valueHint: "name",
  description: "whose memory",
  default: "main",
  completion: "agents",
} as const;
const common = { agent, ...jsonFlag, ...serverFlags } as const;
const limit = { type: "string", valueHint: "n", description: "how many at most", default: "20" } as const;

const search = defineCommand({
  summary: "Search what is remembered, by words and, with models.embedding set, by meaning",
  args: {
    words: { type: "positional", required: true, rest: true, description: "words or a question" },
    limit,
    ...common,
  },
  examples: [["aleph memory search where does Anna live", "what fits best comes first"]],
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const query = args._.join(" ");
      const result = await client.call("memory.search", {
        query,
        limit: toCount("limit", args.limit, 200),
        agent: args.agent,
      });
      if (args.json) return writeJson(invocation.terminal.out, result);
      writeList(invocation, result.facts, "Nothing is remembered of it");
    }),
});

const list = defineCommand({
  summary: "List what is remembered, the latest first",
  args: {
    limit,
    all: { type: "boolean", description: "also what other facts have taken the place of, and what has expired" },
    ...common,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const params = { limit: toCount("limit", args.limit, 1000), agent: args.agent, retired: args.all === true };
      const result = await client.call("memory.list", params);
      if (args.json) return writeJson(invocation.terminal.out, result);
      writeList(invocation, result.facts, "Nothing is remembered yet");
      if (result.next !== undefined) invocation.terminal.err.write("There are more; see --limit\n");
    }),
});

const add = defineCommand({
  summary: "Remember a fact",
  args: {
    words: { type: "positional", required: true, rest: true, description: "the fact, in one sentence" },
    subject: {
      type: "string",
      valueHint: "text",
      description: "where only one fact can be true of it: an older one gives way",
    },
    ...common,
  },
  examples: [
    ['aleph memory add "The user lives in Oslo" --subject "home city"', "takes the place of an older home city"],
  ],
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("memory.store", {
        content: args._.join(" "),
        agent: args.agent,
        ...(args.subject === undefined ? {} : { subject: args.subject }),
      });
      if (args.json) return writeJson(out, result);
      err.write(`${result.duplicate ? "Known already" : "Remembered"}: ${result.fact_id}\n`);
      for (const { fact_id, content } of result.retired) {
        err.write(`Takes the place of ${fact_id}: ${printableLine(content)}\n`);
      }
    }),
});

const forget = defineCommand({
  summary: "Forget a fact for good",
  details: "On a terminal it asks first. There is no way back.",
  args: {
    fact: { type: "positional", required: true, description: "its id, such as fact_019aa3…" },
    yes: { type: "boolean", alias: "y", description: "do not ask" },
    ...common,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { terminal } = invocation;
      const which = { fact_id: args.fact, agent: args.agent };
      const { content } = await client.call("memory.get", which);
      const question = `Forget "${printableLine(content)}" for good?`;
      if (!args.yes && terminal.interactive && !(await confirm(terminal, question, false))) {
        terminal.err.write("Nothing was forgotten\n");
        return EXIT.failure;
      }
      const result = await client.call("memory.delete", which);
      if (args.json) writeJson(terminal.out, result);
      else terminal.err.write(`Forgotten: ${printableLine(content)}\n`);
      return EXIT.ok;
    }),
});

const stats = defineCommand({
  summary: "How much is remembered, and how it is found",
  args: common,
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const result = await client.call("memory.stats", { agent: args.agent });
      if (args.json) return writeJson(out, result);
      writeFacts(out, [
        ["facts", String(result.facts)],
        ["from outside", String(result.untrusted)],
        ["retired", String(result.retired)],
        ["vectors", result.embedding_model === null ? "off: models.embedding is not set" : String(result.vectors)],
        ["embedding", result.embedding_model],
      ]);
    }),
});

export const memory = defineGroup({
  summary: "Search, list, add and forget what is remembered",
  fallback: "list",
  commands: { list, search, add, forget, stats },
});

function writeList({ terminal: { out, err } }: Invocation, facts: readonly Shown[], none: string): void {
  if (facts.length === 0) {
    err.write(`${none}\n`);
    return;
  }
  writeTable(out, facts, [
    { title: "FACT", value: ({ fact_id }) => fact_id },
    { title: "SINCE", value: ({ updated_at }) => formatTime(updated_at) },
    { title: "STATE", value: stateOf },
    { title: "CONTENT", value: ({ content }) => content, flexible: true },
  ]);
}

function stateOf({ trusted, retired_at, retired_by }: Shown): string | undefined {
  if (retired_by !== null) return "replaced";
  if (retired_at !== null) return "retired";
  return trusted ? undefined : "from outside";
}
