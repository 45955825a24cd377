/** `aleph config`: read, change and check config.toml. */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Client, Result } from "../../client/client.ts";
import { isSecretKey } from "../../lib/mask.ts";
import { isTable } from "../../lib/merge-patch.ts";
import { printableJson, printableLine } from "../../lib/terminal-text.ts";
import { AlephError, type Issue } from "../../protocol/errors.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { parseConfigPath, parseConfigValue, patchAt, valueAt } from "../config-path.ts";
import { withClient } from "../connection.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { homeFlags, homeOf, jsonFlag, serverFlags } from "../flags.ts";
import { oneCall, SERVER_ONLY } from "../one-call.ts";
import { writeJson } from "../output.ts";
import { agreed } from "../question.ts";
import type { Output } from "../terminal.ts";

const get = defineCommand({
  summary: "Show the config in force, or one value of it; secrets are masked",
  args: {
    key: { type: "positional", required: false, description: "such as gateway.port", completion: "config-keys" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) => {
    const path = args.key === undefined ? [] : parseConfigPath(args.key);
    return withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const { config } = await client.call("config.get", {});
      const value = valueAt(config, path);
      if (args.json) writeJson(out, value);
      else if (isTable(value)) out.write(await toToml(value));
      else out.write(`${typeof value === "string" ? printableLine(value) : printableJson(value)}\n`);
    });
  },
});

const set = defineCommand({
  summary: "Set one value in config.toml; comments and the rest stay",
  details: "Numbers, true and false, lists and tables are written as JSON; anything else is a string.",
  args: {
    key: { type: "positional", required: true, description: "such as models.default", completion: "config-keys" },
    value: { type: "positional", required: true, description: "the new value" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ["aleph config set models.default openai/gpt-5", "a string"],
    ["aleph config set gateway.port 8080", "a number"],
    [`aleph config set models.fallbacks '["anthropic/claude-sonnet-5-5"]'`, "a list"],
    ["aleph config set providers.openai.api_key env:OPENAI_API_KEY", "a reference to a secret, not the secret"],
  ],
  run: (args, invocation) => {
    const path = parseConfigPath(args.key);
    const value = parseConfigValue(args.value);
    const { out, err } = invocation.terminal;
    const last = path.at(-1) ?? "";
    if (isSecretKey(last) && typeof value === "string" && !/^(?:env|file|keychain):/.test(value)) {
      err.write(
        `${err.style.yellow("Note:")} the secret stands in config.toml in the clear; better write env:NAME or file:PATH\n`,
      );
    }
    return withClient(args, invocation, async ({ client }) => {
      const done = await patch(client, path, value, args.value);
      if (args.json) writeJson(out, done);
      else err.write(done.changed.length > 0 ? `Set ${args.key}\n` : `${args.key} has that value already\n`);
      tellNote(err, done);
    });
  },
});

const unset = defineCommand({
  summary: "Remove one value from config.toml, so that its default counts",
  args: {
    key: { type: "positional", required: true, description: "such as models.default", completion: "config-keys" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) => {
    const path = parseConfigPath(args.key);
    return withClient(args, invocation, async ({ client }) => {
      const { out, err } = invocation.terminal;
      const done = await client.call("config.patch", { patch: patchAt(path, null) });
      if (args.json) writeJson(out, done);
      else err.write(done.changed.length > 0 ? `Removed ${args.key}\n` : `${args.key} was not set\n`);
      tellNote(err, done);
    });
  },
});

const apply = defineCommand({
  summary: "Replace the whole of config.toml with another file",
  details:
    "It is checked first: nothing changes when it is not valid. On a terminal it shows what would change, and asks.",
  args: {
    file: { type: "positional", required: true, description: "the new file", completion: "file" },
    "dry-run": { type: "boolean", description: "only say what would change" },
    yes: { type: "boolean", alias: "y", description: "do not ask" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { terminal } = invocation;
      const text = readFileSync(args.file, "utf8");
      // Before the check: what somebody writes meanwhile is not replaced.
      const { revision } = await client.call("config.text", {});
      const { issues, changed } = await client.call("config.check", { text });
      if (issues.length > 0) throw new AlephError("config_invalid", `${args.file} is not valid`, { data: { issues } });
      const told = changed.length > 0 ? changed.join(", ") : "nothing that is in force";
      if (args["dry-run"]) {
        if (args.json) writeJson(terminal.out, { changed, applied: false });
        else terminal.err.write(`Would change ${told}\n`);
        return EXIT.ok;
      }
      if (!(await agreed(args, terminal, `Replace the whole config? It changes ${told}.`))) {
        terminal.err.write("Nothing was changed\n");
        return EXIT.failure;
      }
      const applied = await client.call("config.apply", { text, revision });
      if (args.json) writeJson(terminal.out, { ...applied, applied: true });
      else terminal.err.write(`Replaced; it changed ${told}\n`);
      return EXIT.ok;
    }),
});

const reload = defineCommand({
  summary: "Have the server read config.toml again now; it does so by itself when the file changes",
  args: { ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    oneCall(args, invocation, {
      method: "config.reload",
      params: {},
      tell({ changed }, { err }) {
        err.write(changed.length > 0 ? `Changed: ${changed.join(", ")}\n` : "Nothing has changed\n");
      },
      options: SERVER_ONLY,
    }),
});

const validate = defineCommand({
  summary: "Check config.toml and say what is wrong, with the lines",
  details: "Exit code 78 when it is not valid. Needs no server.",
  args: {
    file: { type: "positional", required: false, description: "another file than the home's", completion: "file" },
    ...jsonFlag,
    ...homeFlags,
  },
  async run(args, { env, terminal }) {
    const home = homeOf(args.file === undefined ? args : { ...args, config: args.file }, env);
    if (args.file !== undefined && !existsSync(home.config))
      throw usageError(`There is no file ${JSON.stringify(args.file)}`, "Check the path");
    const exists = existsSync(home.config);
    const { checkConfigFile } = await import("../../doctor/config-check.ts");
    const issues = exists ? await checkConfigFile(home.config, env) : [];
    if (issues.length > 0) {
      throw new AlephError("config_invalid", `${home.config} is not valid`, {
        data: { issues, hint: "A running server keeps its earlier config until the file is right" },
      });
    }
    if (args.json) writeJson(terminal.out, { valid: true, path: home.config, exists });
    else
      terminal.out.write(
        exists ? `${home.config} is valid\n` : `${home.config} does not exist; the defaults are in force\n`,
      );
  },
});

const schema = defineCommand({
  summary: "Print the JSON Schema of config.toml",
  args: {},
  async run(_args, { terminal }) {
    const { configJsonSchema } = await import("../../config/json-schema.ts");
    terminal.out.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  },
});

const path = defineCommand({
  summary: "Print where config.toml is",
  args: { ...homeFlags },
  async run(args, { env, terminal }) {
    terminal.out.write(`${resolve(homeOf(args, env).config)}\n`);
  },
});

export const config = defineGroup({
  summary: "Read, change and check config.toml",
  commands: { get, set, unset, apply, reload, validate, schema, path },
});

/** What looks like a number may be meant as a string, such as a guild's id: the schema decides. */
async function patch(client: Client, key: readonly string[], value: unknown, text: string): Promise<Patched> {
  try {
    return await client.call("config.patch", { patch: patchAt(key, value) });
  } catch (thrown) {
    if (typeof value === "string" || !(thrown instanceof AlephError) || thrown.reason !== "config_invalid")
      throw thrown;
    const issues = (thrown.data.issues ?? []) as readonly Issue[];
    if (!issues.every(({ message }) => message.startsWith("must be a string"))) throw thrown;
    return await client.call("config.patch", { patch: patchAt(key, text) });
  }
}

type Patched = Result<"config.patch">;

function tellNote(err: Output, { note }: Patched): void {
  if (note !== undefined) err.write(`${err.style.yellow("Note:")} ${note}\n`);
}

async function toToml(table: Record<string, unknown>): Promise<string> {
  const { stringify } = await import("smol-toml");
  return `${stringify(table).trimEnd()}\n`;
}
