/** `aleph models add` and `remove`: providers of models in config.toml, each tried before it is kept. */
import type { Invocation } from "../command.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError } from "../failure.ts";
import { jsonFlag, serverFlags } from "../flags.ts";
import { oneCall } from "../one-call.ts";
import { writeJson } from "../output.ts";
import { withProgress } from "../progress.ts";
import { agreed, askSecret } from "../question.ts";
import { readStandardInput } from "../standard-input.ts";
import { writeTrial } from "./trial.ts";

const KEY_LIMIT = 16_384;

export const add = defineCommand({
  summary: "Add a provider of models, or change one, once it has really answered",
  details:
    "A key is never an argument: others on the machine can see those. Name the variable that has it (--key env:NAME), give it on standard input (--key -), or type it when asked (--key ask). The wizard does the same with questions.",
  args: {
    id: {
      type: "positional",
      required: true,
      description: "its name of your own, such as work",
      completion: "providers",
    },
    type: { type: "string", valueHint: "kind", description: "what it speaks, such as openai; its name if left out" },
    "base-url": {
      type: "string",
      valueHint: "url",
      description: "the address of its API where it is not the usual one",
    },
    key: { type: "string", valueHint: "reference", description: "env:NAME, file:PATH, keychain:NAME, - or ask" },
    keep: {
      type: "enum",
      options: ["file", "keychain"],
      description: "where a key goes that is typed",
      default: "file",
    },
    model: { type: "string", valueHint: "name", description: "which of its models is asked" },
    default: { type: "boolean", description: "this model answers by default from now on" },
    untested: { type: "boolean", description: "keep it without asking it" },
    try: { type: "boolean", description: "only try it; nothing is kept" },
    ...jsonFlag,
    ...serverFlags,
  },
  examples: [
    ["aleph models add openai --key env:OPENAI_API_KEY --model gpt-5 --default", "with the key of the environment"],
    ["aleph models add home --type ollama --base-url http://box:11434", "a server of one's own"],
  ],
  run: async (args, invocation): Promise<number> => {
    const { terminal } = invocation;
    const key = await keyOf(args.key, invocation);
    const wanted = {
      id: args.id,
      type: args.type ?? args.id,
      ...(args["base-url"] === undefined ? {} : { base_url: args["base-url"] }),
      ...(key === undefined ? {} : { api_key: key }),
      ...(args.model === undefined ? {} : { model: args.model }),
    };
    return withClient(args, invocation, async ({ client }) => {
      if (args.try) {
        const trial = await withProgress(terminal, "Asking it", () => client.call("models.try", wanted));
        if (args.json) writeJson(terminal.out, trial);
        else writeTrial(trial, terminal);
        return trial.ok ? EXIT.ok : EXIT.failure;
      }
      const keep = args.keep === "keychain" ? "keychain" : "file";
      const params = { ...wanted, keep, as_default: args.default === true, untested: args.untested === true } as const;
      const result = await withProgress(terminal, "Asking it", () => client.call("models.save", params));
      if (args.json) writeJson(terminal.out, result);
      else {
        if (result.trial) writeTrial(result.trial, terminal);
        terminal.err.write(result.saved ? `Kept ${args.id}\n` : "Nothing was kept; --untested keeps it all the same\n");
        if (result.default !== null) terminal.err.write(`${result.default} answers by default\n`);
      }
      return result.saved ? EXIT.ok : EXIT.failure;
    });
  },
});

export const remove = defineCommand({
  summary: "Remove a provider, with the key that was kept for it",
  details: "On a terminal it asks first.",
  args: {
    id: { type: "positional", required: true, description: "id of the provider", completion: "providers" },
    yes: { type: "boolean", alias: "y", description: "do not ask" },
    ...jsonFlag,
    ...serverFlags,
  },
  async run(args, invocation): Promise<number> {
    const { terminal } = invocation;
    if (!(await agreed(args, terminal, `Remove the provider ${JSON.stringify(args.id)} with its key?`))) {
      terminal.err.write("Nothing was removed\n");
      return EXIT.failure;
    }
    return oneCall(args, invocation, {
      method: "models.remove",
      params: { id: args.id },
      tell: ({ id }, { err }) => err.write(`Removed ${id}\n`),
    });
  },
});

/** Throws `invalid_params` for a key in the clear. */
async function keyOf(given: string | undefined, { terminal }: Invocation): Promise<string | undefined> {
  if (given === undefined || /^(?:env|file|keychain):/.test(given)) return given;
  if (given === "ask" && terminal.interactive) return askSecret(terminal, "Key:");
  if (given === "-" || given === "ask") {
    const onWaiting = () => terminal.err.write("Waiting for the key on standard input …\n");
    return (await readStandardInput({ limit: KEY_LIMIT, onWaiting }))?.trim() || undefined;
  }
  throw usageError(
    "A key is no argument: others on this machine can see those",
    "Use --key env:NAME, --key - with the key on standard input, or --key ask",
  );
}
