/** `aleph skills`: install skills, look at them, let them be used. */
import type { Client, Result } from "../../client/client.ts";
import { printable, printableLine } from "../../lib/terminal-text.ts";
import { defineCommand, defineGroup, type Invocation } from "../command.ts";
import { withClient } from "../connection.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatTime } from "../format.ts";
import { writeJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { confirm } from "../question.ts";
import { askAndRemove } from "../removal.ts";
import { toSource } from "../source.ts";
import { writeFacts, writeTable } from "../table.ts";

type Shown = Result<"skills.list">["skills"][number];

const name = { type: "positional", required: true, description: "name of the skill", completion: "skills" } as const;
const yes = { type: "boolean", alias: "y", description: "do not ask" } as const;
const common = { ...jsonFlag, ...serverFlags } as const;
const agentFlag = {
  agent: {
    type: "string",
    valueHint: "name",
    description: "whose workspace is looked at too",
    default: "main",
    completion: "agents",
  },
} as const;

const list = defineCommand({
  summary: "List the skills, and what they wait for",
  args: { ...agentFlag, ...common },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const { program } = invocation;
      const result = await client.call("skills.list", { agent: args.agent });
      if (args.json) return writeJson(out, result);
      if (result.skills.length === 0) {
        err.write(`No skills yet. Install one: ${program} skills install <folder, archive, URL>\n`);
      } else {
        writeTable(out, result.skills, [
          { title: "SKILL", value: (skill) => skill.name },
          { title: "STATUS", value: ({ status }) => status },
          { title: "FROM", value: ({ installed_from, plugin, source }) => installed_from ?? plugin ?? source },
          { title: "DESCRIPTION", value: ({ description, error }) => description ?? error?.message, flexible: true },
        ]);
      }
      for (const skill of result.skills) {
        const step = nextStep(skill, program);
        if (step !== undefined) err.write(`${printableLine(step)}\n`);
      }
      for (const { path, trusted } of result.folders) {
        if (trusted) continue;
        err.write(`Not looked at: ${printableLine(path)}. If you trust it: ${program} plugins trust ${path}\n`);
      }
    }),
});

const get = defineCommand({
  summary: "Show one skill with its whole text",
  args: { name, ...agentFlag, ...common },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { terminal, program } = invocation;
      const found = await client.call("skills.get", { name: args.name, agent: args.agent });
      if (args.json) return writeJson(terminal.out, found);
      writeSkill(invocation, found);
      const step = nextStep(found, program);
      if (step !== undefined) terminal.err.write(`\n${printableLine(step)}\n`);
    }),
});

const install = defineCommand({
  summary: "Install a skill from a folder, an archive, an https URL or a git repository",
  details:
    "It is shown before it is used. Without a terminal it waits for aleph skills activate, unless --yes agrees beforehand.",
  args: {
    source: {
      type: "positional",
      required: true,
      description: "folder, .zip, .tgz, https URL, or git+https://host/path#ref",
      completion: "file",
    },
    path: { type: "string", valueHint: "folder", description: "where in it the skill is, when it holds several" },
    yes: { ...yes, description: "let it be used" },
    ...common,
  },
  examples: [
    ["aleph skills install ./pdf-forms", "a folder"],
    ["aleph skills install git+https://example.com/skills --path skills/pdf-forms", "one of several in a repository"],
  ],
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { terminal, program } = invocation;
      const wanted = {
        source: toSource(args.source),
        accept: args.yes === true,
        ...(args.path === undefined ? {} : { path: args.path }),
      };
      const asked = () => client.call("skills.install", wanted);
      const installed = await withProgress(terminal, "Fetching and checking it", asked);
      if (args.json) {
        writeJson(terminal.out, installed);
        return EXIT.ok;
      }
      if (installed.status !== "pending" || !terminal.interactive) {
        terminal.err.write(`Installed ${installed.name}: ${installed.status}\n`);
        const step = nextStep(installed, program);
        if (step !== undefined) terminal.err.write(`${printableLine(step)}\n`);
        return installed.status === "error" ? EXIT.failure : EXIT.ok;
      }
      return askAndActivate(client, await client.call("skills.get", { name: installed.name }), "main", invocation);
    }),
});

const activate = defineCommand({
  summary: "Let a skill be used as it is now",
  details: "On a terminal it is shown first, and asked for. Exactly the files that are shown are let be used.",
  args: { name, yes, ...agentFlag, ...common },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { terminal } = invocation;
      const found = await client.call("skills.get", { name: args.name, agent: args.agent });
      if (!args.json && !args.yes && found.status !== "inactive") {
        if (!terminal.interactive) throw usageError("There is no terminal to ask at", "Add --yes to let it be used");
        return askAndActivate(client, found, args.agent, invocation);
      }
      const result = await client.call("skills.activate", {
        name: args.name,
        agent: args.agent,
        ...(found.sha256 === null ? {} : { sha256: found.sha256 }),
      });
      if (args.json) writeJson(terminal.out, result);
      else terminal.err.write(`${result.name} is ${result.status}\n`);
      return EXIT.ok;
    }),
});

const deactivate = defineCommand({
  summary: "Switch a skill off; its files and what was approved stay",
  args: { name, ...agentFlag, ...common },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("skills.deactivate", { name: args.name, agent: args.agent });
      if (args.json) return writeJson(out, result);
      err.write(`${result.name} is ${result.status}\n`);
    }),
});

const uninstall = defineCommand({
  summary: "Remove a skill",
  details: "On a terminal it asks first. There is no way back.",
  args: { name, yes, ...common },
  run: (args, invocation) =>
    withClient(args, invocation, ({ client }) =>
      askAndRemove(args, invocation.terminal, {
        find: () => client.call("skills.get", { name: args.name }),
        remove: async () => {
          const result = await client.call("skills.uninstall", { name: args.name });
          return { result, named: result.name };
        },
      }),
    ),
});

export const skills = defineGroup({
  summary: "Install, look at and switch skills",
  fallback: "list",
  commands: { list, get, install, activate, deactivate, uninstall },
});

/** All that there is to see of it before somebody lets it be used. */
function writeSkill({ terminal: { out } }: Invocation, skill: Result<"skills.get">): void {
  const { approved, error } = skill;
  writeFacts(out, [
    ["name", skill.name],
    ["description", skill.description],
    ["status", skill.status],
    ["folder", skill.path],
    ["from", skill.installed_from ?? skill.plugin],
    ["license", skill.license],
    ["needs", skill.compatibility],
    ["tools", skill.allowed_tools && `no others than ${skill.allowed_tools.join(", ")}`],
    ["files", skill.files.join(", ")],
    ["sha256", skill.sha256],
    ["approved", approved && `${formatTime(approved.approved_at)}, by ${approved.approved_by}`],
    ["error", error?.message],
    ...(error?.issues ?? []).map(({ path, message, line }) => ["", `${line ?? ""} ${path} ${message}`] as const),
  ]);
  if (skill.text !== null) out.write(`\n${printable(skill.text).trimEnd()}\n`);
}

function nextStep({ name: own, status, awaits, error }: Shown, program: string): string | undefined {
  if (status === "error") return `${own} cannot be used: ${error?.message ?? "unknown reason"}`;
  if (status !== "pending") return undefined;
  const why = awaits === "content" ? "has other files than those that were approved" : "waits for your approval";
  return `${own} ${why}: ${program} skills activate ${own}`;
}

async function askAndActivate(
  client: Client,
  skill: Result<"skills.get">,
  agent: string,
  invocation: Invocation,
): Promise<number> {
  const { terminal, program } = invocation;
  writeSkill(invocation, skill);
  if (skill.sha256 === null) return EXIT.failure;
  if (!(await confirm(terminal, `Let ${skill.name} be used?`, false))) {
    terminal.err.write(`It stays off. Later: ${program} skills activate ${skill.name}\n`);
    return EXIT.failure;
  }
  const result = await client.call("skills.activate", { name: skill.name, agent, sha256: skill.sha256 });
  terminal.err.write(`${result.name} is ${result.status}\n`);
  return EXIT.ok;
}
