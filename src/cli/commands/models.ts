/** `aleph models`: what models there are, which are used, and whether they answer. */
import type { Result } from "../../client/client.ts";
import { isTable } from "../../lib/merge-patch.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { withClient } from "../connection.ts";
import { EXIT } from "../exit-codes.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { add, remove } from "../models/add.ts";
import { writeTrial } from "../models/trial.ts";
import { writeJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { writeFacts, writeTable } from "../table.ts";

const list = defineCommand({
  summary: "List the models of all providers",
  args: {
    provider: { type: "string", valueHint: "id", description: "only those of this provider", completion: "providers" },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { out, err } = invocation.terminal;
      const asked = () => client.call("models.list", {});
      const { models: all, errors } = await withProgress(invocation.terminal, "Asking the providers", asked);
      const models = args.provider ? all.filter(({ provider }) => provider === args.provider) : all;
      if (args.json) writeJson(out, { models, errors });
      else if (models.length === 0) err.write("No provider lists a model\n");
      else {
        writeTable(out, models, [
          { title: "MODEL", value: ({ ref }) => ref },
          { title: "NAME", value: ({ id, name }) => (name === id ? "" : name), flexible: true },
          { title: "CONTEXT", value: ({ context_window }) => toThousands(context_window), align: "right" },
          { title: "IN $/M", value: (model) => priceOf(model, "input"), align: "right" },
          { title: "OUT $/M", value: (model) => priceOf(model, "output"), align: "right" },
        ]);
      }
      for (const { provider, error } of errors)
        err.write(`${err.style.yellow(`${provider}: ${printableLine(error.message)}`)}\n`);
      return models.length === 0 && errors.length > 0 ? EXIT.failure : EXIT.ok;
    }),
});

const test = defineCommand({
  summary: "Test a provider or model with a real call",
  args: {
    target: {
      type: "positional",
      required: false,
      description: "a provider's id or a model's name; the default model if left out",
      completion: "models",
    },
    ...jsonFlag,
    ...serverFlags,
  },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }): Promise<number> => {
      const { terminal } = invocation;
      const asked = () => client.call("models.test", { target: args.target ?? "default" });
      const trial = await withProgress(terminal, "Asking it", asked);
      if (args.json) writeJson(terminal.out, trial);
      else writeTrial(trial, terminal);
      return trial.ok ? EXIT.ok : EXIT.failure;
    }),
});

const config = defineCommand({
  summary: "Show which providers, default, aliases and fallbacks are in force",
  args: { ...jsonFlag, ...serverFlags },
  run: (args, invocation) =>
    withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      const found = await client.call("models.config", {});
      if (args.json) return writeJson(out, found);
      writeFacts(out, [
        ["default", found.default ?? "none"],
        ["fallbacks", found.fallbacks.join(", ")],
        [
          "aliases",
          Object.entries(found.aliases)
            .map(([alias, model]) => `${alias} = ${model}`)
            .join(", "),
        ],
      ]);
      out.write("\n");
      writeTable(out, found.providers, [
        { title: "PROVIDER", value: ({ id }) => id },
        { title: "TYPE", value: ({ type }) => type },
        { title: "FROM", value: ({ from }) => from },
        { title: "KEY", value: ({ has_key }) => (has_key ? "yes" : "no") },
        { title: "ADDRESS", value: ({ base_url }) => base_url, flexible: true },
      ]);
    }),
});

export const models = defineGroup({
  summary: "List and test the models that can be asked, and add providers",
  fallback: "list",
  commands: { list, test, config, add, remove },
});

function toThousands(tokens: unknown): string {
  return typeof tokens !== "number" ? "" : `${Math.round(tokens / 1000)}k`;
}

/** US dollars per million tokens, where they are known. */
function priceOf({ price }: Result<"models.list">["models"][number], side: "input" | "output"): number | undefined {
  const value = isTable(price) ? price[side] : undefined;
  return typeof value === "number" ? value : undefined;
}
