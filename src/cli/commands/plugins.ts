/** `aleph plugins`: install, approve, look at and make plugins. */
import { resolve } from "node:path";
import { printableLine } from "../../lib/terminal-text.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { toCount } from "../count.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { formatAgo, formatTime } from "../format.ts";
import { oneCall } from "../one-call.ts";
import { writeJson } from "../output.ts";
import { askAndApprove, isOpen, said } from "../plugins/approval.ts";
import { init } from "../plugins/init.ts";
import { pack, validate } from "../plugins/offline.ts";
import { nextStep, type ShownPlugin, writeRequest } from "../plugins/view.ts";
import { withProgress } from "../progress.ts";
import { askAndRemove } from "../removal.ts";
import { toSource } from "../source.ts";
import { writeFacts, writeTable } from "../table.ts";

const id = { type: "positional", required: true, description: "id of the plugin", completion: "plugins" } as const;
const yes = { type: "boolean", alias: "y", description: "do not ask" } as const;
const common = { ...jsonFlag, ...serverFlags } as const;

const list = defineCommand({
  summary: "List the plugins, and what they wait for",
  args: common,
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("plugins.list", {});
      if (args.json) return writeJson(out, result);
      const { plugins: found, folders } = result;
      if (found.length === 0) {
        err.write(`No plugins yet. Install one: ${invocation.program} plugins install <folder, archive, URL>\n`);
      } else {
        writeTable(out, found, [
          { title: "PLUGIN", value: (plugin) => plugin.id },
          { title: "VERSION", value: ({ version, serving }) => serving?.version ?? version },
          { title: "KIND", value: ({ kind }) => kind },
          { title: "STATUS", value: ({ status }) => status },
          { title: "FROM", value: ({ source }) => source },
          { title: "SANDBOX", value: ({ sandbox }) => sandbox },
          { title: "DESCRIPTION", value: ({ description }) => description, flexible: true },
        ]);
        const steps = found.filter(isOpen).map((plugin) => nextStep(plugin, invocation.program));
        if (steps.length > 0) err.write(`\n${steps.map((step) => `${printableLine(step!)}\n`).join("")}`);
      }
      for (const { path, trusted } of folders) {
        if (!trusted)
          err.write(
            `Not looked at: ${printableLine(path)}. If you trust it: ${invocation.program} plugins trust ${path}\n`,
          );
      }
    }),
});

const get = defineCommand({
  summary: "Show one plugin: its state, what it may do, what it was denied",
  args: { id, ...common },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const found = await client.call("plugins.get", { id: args.id });
      if (args.json) return writeJson(out, found);
      const names = (things: readonly { readonly name: string }[]) => things.map(({ name }) => name).join(", ");
      const { approved, serving } = found;
      writeRequest(out, found);
      writeFacts(out, [
        ["id", found.id],
        ["status", found.status],
        [
          "version",
          serving && serving.version !== found.version ? `${found.version}, in use: ${serving.version}` : found.version,
        ],
        ["kind", found.kind],
        ["sandbox", found.sandbox],
        ["process", found.pid],
        ["folder", found.path],
        ["from", found.installed_from],
        [
          "approved",
          approved && `${approved.version}, ${formatTime(approved.approved_at)}, by ${approved.approved_by}`,
        ],
        ["development", found.development ? "changed files need no approval" : null],
        ["tools", names(found.tools)],
        ["commands", found.commands.map(({ name }) => `/${name}`).join(", ")],
        ["services", names(found.services)],
        ["channels", names(found.channels)],
        ["providers", names(found.providers)],
        ["hooks", found.hooks.map(({ event, kind }) => `${event} (${kind})`).join(", ")],
        ["routes", found.http_routes.map(({ method, path, auth }) => `${method} ${path} (${auth})`).join(", ")],
        ["error", found.error?.message],
      ]);
      if (found.denials.length > 0) {
        const now = Date.now();
        out.write("\n");
        writeTable(out, found.denials, [
          { title: "DENIED", value: ({ kind }) => kind },
          { title: "WHAT", value: ({ target }) => target, flexible: true },
          { title: "TIMES", value: ({ count }) => count, align: "right" },
          { title: "LAST", value: ({ last_at }) => formatAgo(last_at, now) },
        ]);
      }
      const step = isOpen(found) ? nextStep(found, invocation.program) : undefined;
      if (step !== undefined) err.write(`\n${printableLine(step)}\n`);
    }),
});

const install = defineCommand({
  summary: "Install a plugin from a folder, an archive, an https URL or a git repository",
  details:
    "Nothing of it runs before you have seen what it asks for and agreed. Without a terminal it waits for aleph plugins approve, unless --yes agrees beforehand.",
  args: {
    source: {
      type: "positional",
      required: true,
      description: "folder, .zip, .tgz, https URL, or git+https://host/path#ref",
      completion: "file",
    },
    yes: { ...yes, description: "let it do what it asks for" },
    ...common,
  },
  examples: [
    ["aleph plugins install ./weather", "a folder"],
    ["aleph plugins install git+https://example.com/weather#v1.2.0", "a tag of a repository"],
  ],
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client, url }): Promise<number> => {
      const { terminal, program } = invocation;
      const source = toSource(args.source);
      const isHere = url === undefined || args.url === undefined;
      if (!isHere && source.startsWith("/")) {
        terminal.err.write(`${JSON.stringify(source)} is looked for on the machine of the server\n`);
      }
      const accept_permissions = args.yes === true;
      const asked = () => client.call("plugins.install", { source, accept_permissions });
      const installed = await withProgress(terminal, "Fetching and checking it", asked);
      if (args.json) {
        writeJson(terminal.out, installed);
        return EXIT.ok;
      }
      const { replaced, version } = installed;
      writeRequest(terminal.err, installed);
      if (replaced) {
        const from =
          replaced.source === null || replaced.source === source ? "" : `, which came from ${replaced.source}`;
        terminal.err.write(`It takes the place of version ${replaced.version ?? "?"}${printableLine(from)}\n`);
      }
      if (installed.status !== "pending")
        return said(terminal, installed, `Installed ${installed.id} ${version}`, program);
      if (!terminal.interactive) {
        terminal.err.write(
          `Installed ${installed.id} ${version}; it waits for approval: ${program} plugins approve ${installed.id}\n`,
        );
        return EXIT.ok;
      }
      return askAndApprove(client, installed, invocation);
    }),
});

const approve = defineCommand({
  summary: "Let a plugin do what it asks for",
  details: "On a terminal it asks first. Exactly the files that are shown are approved.",
  args: { id, yes, ...common },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { terminal, program } = invocation;
      const found = await client.call("plugins.get", { id: args.id });
      if (found.sha256 === null)
        throw new AlephError("plugin_error", found.error?.message ?? "The plugin cannot be read");
      if (args.json || args.yes) {
        const approved = await client.call("plugins.approve", { id: found.id, sha256: found.sha256 });
        if (args.json) writeJson(terminal.out, approved);
        else said(terminal, approved, `Approved ${approved.id} ${approved.version}`, program);
        return EXIT.ok;
      }
      writeRequest(terminal.err, found);
      if (!terminal.interactive)
        throw usageError("There is no terminal to ask at", "Add --yes to approve what is shown");
      return askAndApprove(client, found, invocation);
    }),
});

const uninstall = defineCommand({
  summary: "Remove an installed plugin with all that it keeps",
  details: "On a terminal it asks first. There is no way back.",
  args: { id, yes, ...common },
  run: (args, invocation) =>
    withClient(args, invocation, ({ client }) =>
      askAndRemove(args, invocation.terminal, {
        find: () => client.call("plugins.get", { id: args.id }),
        remove: async () => {
          const result = await client.call("plugins.uninstall", { id: args.id });
          return { result, named: result.id };
        },
      }),
    ),
});

const enable = defineCommand({
  summary: "Switch a plugin on",
  details: "What it asks for is shown when nobody has agreed to it yet; on a terminal it asks.",
  args: { id, yes: { ...yes, description: "let it do what it asks for" }, ...common },
  examples: [["aleph plugins enable slack", "one that came with Aleph"]],
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { terminal, program } = invocation;
      const enabled = await client.call("plugins.enable", { id: args.id });
      const { id: name, status, sha256 } = enabled;
      if (status === "pending" && sha256 !== null && args.yes) {
        const approved = await client.call("plugins.approve", { id: name, sha256 });
        if (args.json) writeJson(terminal.out, approved);
        else said(terminal, approved, `Switched on: ${name}`, program);
        return EXIT.ok;
      }
      if (args.json) {
        writeJson(terminal.out, enabled);
        return EXIT.ok;
      }
      if (status === "pending") writeRequest(terminal.err, enabled);
      if (status === "pending" && terminal.interactive) return askAndApprove(client, enabled, invocation);
      return said(terminal, enabled, `Switched on: ${name}`, program);
    }),
});
const disable = switching("plugins.disable", "Switch a plugin off; its files and its approval stay", "Switched off");
const reload = switching("plugins.reload", "Read a plugin's files anew and open it again", "Reloaded");

const dev = defineCommand({
  summary: "Develop a plugin: its changed files need no approval, wider permissions still do",
  args: {
    id,
    state: { type: "positional", required: false, description: "on or off", default: "on", valueHint: "on|off" },
    ...common,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { terminal, program } = invocation;
      if (args.state !== "on" && args.state !== "off") {
        throw usageError(
          `${JSON.stringify(args.state)} is neither on nor off`,
          `For example: ${program} plugins dev ${args.id} on`,
        );
      }
      const on = args.state === "on";
      const result = await client.call("plugins.develop", { id: args.id, on });
      if (args.json) writeJson(terminal.out, result);
      else said(terminal, result, `${result.id} is ${on ? "" : "not "}in development`, program);
      return EXIT.ok;
    }),
});

const trust = defineCommand({
  summary: "Trust the plugins of a working folder, or not any more",
  args: {
    folder: { type: "positional", required: true, description: "the folder with plugins in it", completion: "folder" },
    remove: { type: "boolean", description: "trust it no longer" },
    ...common,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const result = await client.call("plugins.trustFolder", { folder: resolve(args.folder), trusted: !args.remove });
      if (args.json) writeJson(out, result);
      else err.write(`${result.trusted ? "Trusted" : "Not trusted any more"}: ${printableLine(result.folder)}\n`);
    }),
});

const logs = defineCommand({
  summary: "Show what a plugin wrote lately",
  args: {
    id,
    lines: { type: "string", alias: "n", valueHint: "n", description: "how many lines at most", default: "50" },
    ...common,
  },
  run: (args, invocation) =>
    withClient(
      args,
      invocation,
      async ({ client }) => {
        const limit = toCount("lines", args.lines, 200);
        const { out, err } = invocation.terminal;
        const { entries } = await client.call("plugins.logs", { id: args.id, limit });
        if (args.json) return writeJson(out, { entries });
        if (entries.length === 0) err.write("It wrote nothing since the server started\n");
        const { writeLogEntry } = await import("../log-entry.ts");
        for (const entry of entries) writeLogEntry(out, entry);
      },
      { serverOnly: true },
    ),
});

const run = defineCommand({
  summary: "Run a command of a plugin at once, without a model",
  args: {
    id,
    command: { type: "positional", required: true, description: "name of the command" },
    words: {
      type: "positional",
      required: false,
      description: "what would stand behind the command in a message",
      rest: true,
    },
    session: { type: "string", valueHint: "key", description: "session that it is about", completion: "sessions" },
    ...common,
  },
  examples: [["aleph plugins run weather today Berlin", "as /today Berlin in a conversation"]],
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const result = await client.call("plugins.executeCommand", {
        plugin_id: args.id,
        command: args.command.replace(/^\//, ""),
        args: args._.slice(2).join(" "),
        ...(args.session === undefined ? {} : { session_key: args.session }),
      });
      if (args.json) writeJson(out, result);
      else out.write(`${out.isTerminal ? printableLine(result.result) : result.result}\n`);
    }),
});

const words = defineCommand({
  summary: "List the words that a message may begin with behind a slash",
  args: common,
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "plugins.commands",
      params: {},
      tell({ commands }, { out }) {
        writeTable(out, commands, [
          { title: "WORD", value: ({ word }) => `/${word}` },
          { title: "OF", value: ({ plugin_id }) => plugin_id ?? "Aleph" },
          { title: "KIND", value: ({ kind }) => kind },
          { title: "DESCRIPTION", value: ({ description }) => description, flexible: true },
        ]);
      },
    }),
});

export const plugins = defineGroup({
  summary: "Install, approve, look at and make plugins",
  fallback: "list",
  commands: {
    list,
    get,
    install,
    uninstall,
    enable,
    disable,
    approve,
    reload,
    run,
    words,
    logs,
    trust,
    dev,
    init,
    validate,
    pack,
  },
});

type Switch = "plugins.disable" | "plugins.reload";

function switching(method: Switch, summary: string, done: string) {
  return defineCommand({
    summary,
    args: { id, ...common },
    run: (args, invocation) =>
      withClient(args, invocation, async ({ client }): Promise<number> => {
        const { terminal, program } = invocation;
        const result: ShownPlugin = await client.call(method, { id: args.id });
        if (args.json) writeJson(terminal.out, result);
        else said(terminal, result, `${done}: ${result.id}`, program);
        return EXIT.ok;
      }),
  });
}
