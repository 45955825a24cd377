/** `aleph wizard`: from nothing to a model that answers. */
import { isReference } from "../../config/secrets.ts";
import { nearest } from "../../lib/nearest.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineCommand, type Invocation } from "../command.ts";
import { withClient } from "../connection.ts";
import { usageError } from "../failure.ts";
import { type HomeFlags, homeFlags, homeOf } from "../flags.ts";
import { formatElapsed } from "../format.ts";
import { hintFor } from "../provider-hint.ts";
import { ask, askSecret, choose, confirm } from "../question.ts";
import type { Candidate, Found, Trial } from "../setup/candidate.ts";
import { KINDS, type Kind, nameFor } from "../setup/kinds.ts";
import type { KeyPlace } from "../setup/save.ts";

interface Answers extends HomeFlags {
  readonly provider?: string | undefined;
  readonly name?: string | undefined;
  readonly "base-url"?: string | undefined;
  readonly model?: string | undefined;
  readonly "api-key-stdin"?: boolean | undefined;
}

export const wizard = defineCommand({
  summary: "Set up a model: find providers, test the key, write config.toml",
  details:
    "Asks what the options leave open. With --yes, or off a terminal, it asks nothing and takes what it finds.\nThe key is never written into config.toml: it stays in the environment, or goes into a file that only you can read.",
  args: {
    provider: { type: "string", alias: "p", valueHint: "kind", description: KINDS.map(({ type }) => type).join(", ") },
    name: { type: "string", valueHint: "id", description: "name of its table in [providers]; the kind if left out" },
    "base-url": { type: "string", valueHint: "url", description: "address of its API" },
    "api-key-stdin": { type: "boolean", description: "read the key from standard input" },
    model: {
      type: "string",
      alias: "m",
      valueHint: "id",
      description: "the model to use by default, as the provider calls it",
    },
    yes: { type: "boolean", alias: "y", description: "ask nothing" },
    ...homeFlags,
  },
  examples: [
    ["wizard", "answer a few questions"],
    ["wizard --yes", "use a key that is in the environment, or a local Ollama"],
    ["wizard --provider openai --api-key-stdin --yes < key.txt", "in a script"],
  ],
  async run(args, invocation): Promise<number> {
    const { env, terminal } = invocation;
    const asks = !args.yes && terminal.interactive && terminal.out.isTerminal;
    const home = homeOf(args, env);
    const { say } = speech(invocation);
    const [{ findProviders }, { readCurrent, saveCandidate }] = await Promise.all([
      import("../setup/candidate.ts"),
      import("../setup/save.ts"),
    ]);
    const current = await readCurrent(home, env);
    say(`This sets up a model for ${home.path}`);
    const found = await findProviders(env);
    const kind = await chooseKind(args, found, asks);
    const draft = await describeCandidate(kind, args, found, asks);
    if (asks && current.providers.includes(draft.id)) {
      const goOn = await confirm(
        `[providers.${draft.id}] is in config.toml already. Change its key and address?`,
        true,
      );
      if (!goOn)
        throw usageError(
          "Nothing was written",
          `Give the new one another name: ${invocation.program} wizard --name ID`,
        );
    }
    const { candidate, place, trial } = await tryUntilItAnswers(kind, draft, args, asks, invocation);
    const model = await chooseModel(candidate, trial, args.model, asks, invocation);
    const keep = place?.kind === "file" && asks ? await choosePlace() : place;

    const ref = model === undefined ? undefined : `${candidate.id}/${model}`;
    const other = current.defaultModel !== undefined && current.defaultModel !== ref ? current.defaultModel : undefined;
    const becomesDefault =
      other === undefined ||
      args.model !== undefined ||
      (asks && (await confirm(`Use ${ref} by default instead of ${other}?`, true)));
    // The demo answers by itself where there is nothing else; written down it would stand in the way of what comes later.
    const nothingToWrite = kind.type === "demo" && found.length === 0 && other === undefined;
    await saveCandidate({
      home,
      env,
      candidate: nothingToWrite ? undefined : candidate,
      place: keep,
      defaultModel: becomesDefault && !nothingToWrite ? ref : undefined,
    });
    say(`Written to ${home.config}`);
    if (!becomesDefault)
      say(`${other} still answers by default; change it with: ${invocation.program} config set models.default ${ref}`);
    if (keep?.kind === "file") say(`The key is in ${home.credentials}, readable by you alone`);
    return asks ? talk(args, invocation, ref) : prove(args, invocation, ref);
  },
});

function speech({ terminal: { err } }: Invocation) {
  return {
    say: (text: string) => err.write(`${printableLine(text)}\n`),
    good: (text: string) => err.write(`${err.style.green("ok")}  ${printableLine(text)}\n`),
    bad: (text: string, hint: string) =>
      err.write(`${err.style.red("It did not work:")} ${printableLine(text)}\n${err.style.dim(hint)}\n`),
  };
}

async function chooseKind({ provider }: Answers, found: readonly Found[], asks: boolean): Promise<Kind> {
  if (provider !== undefined) {
    const kind = KINDS.find(({ type }) => type === provider);
    if (kind) return kind;
    const types = KINDS.map(({ type }) => type);
    const meant = nearest(provider, types);
    throw usageError(
      `There is no kind of provider ${JSON.stringify(provider)}`,
      meant ? `Did you mean ${meant}?` : `Use one of: ${types.join(", ")}`,
    );
  }
  // What is at hand comes first; the demo is always there, last.
  const order = KINDS.toSorted((a, b) => Number(isFound(b, found)) - Number(isFound(a, found)));
  if (!asks) return order[0] && isFound(order[0], found) ? order[0] : KINDS.at(-1)!;
  return choose(
    "Which provider?",
    order.map((kind) => ({ label: kind.label, hint: hintOf(kind, found), value: kind })),
  );
}

function isFound({ type }: Kind, found: readonly Found[]): boolean {
  return found.some((provider) => provider.type === type);
}

function hintOf(kind: Kind, found: readonly Found[]): string {
  const own = found.find(({ type }) => type === kind.type);
  if (own?.from === "environment") return "found in the environment";
  if (own) return `found at ${own.base_url}`;
  return kind.type === "demo" ? "no key, no network: a script that shows the tools" : "";
}

/** The provider without its key. */
async function describeCandidate(
  kind: Kind,
  args: Answers,
  found: readonly Found[],
  asks: boolean,
): Promise<Candidate> {
  const own = found.find(({ type }) => type === kind.type);
  const known = args["base-url"] ?? own?.base_url ?? kind.address;
  const address =
    kind.asksAddress && args["base-url"] === undefined && asks ? await ask("Address of its API:", known) : known;
  if (kind.asksAddress && !/^https?:\/\/./.test(address ?? "")) {
    throw usageError(
      address ? `${JSON.stringify(address)} is not a web address` : "The provider's address is missing",
      "For example --base-url https://openrouter.ai/api/v1",
    );
  }
  const id = args.name ?? (kind.type === "openai-compatible" ? (own?.id ?? nameFor(address ?? "")) : kind.type);
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(id)) {
    throw usageError(`${JSON.stringify(id)} cannot name a provider`, "Use letters, digits, . _ or - in --name");
  }
  return { id, type: kind.type, ...(address === undefined ? {} : { address }) };
}

interface Tried {
  readonly candidate: Candidate;
  readonly place: KeyPlace | undefined;
  readonly trial: Trial;
}

/** Nothing is written before the provider has really answered, or the person wants it all the same. */
async function tryUntilItAnswers(
  kind: Kind,
  draft: Candidate,
  args: Answers,
  asks: boolean,
  invocation: Invocation,
): Promise<Tried> {
  const { say, good, bad } = speech(invocation);
  const { tryCandidate } = await import("../setup/candidate.ts");
  for (let again = false; ; again = true) {
    const { key, place } = await findKey(kind, args, asks, again, invocation);
    const candidate: Candidate = key === undefined ? draft : { ...draft, key };
    say("Asking it for a short answer …");
    const trial = await tryCandidate(candidate, invocation.env, args.model);
    if (trial.ok) {
      good(`${trial.model ?? candidate.id} answered in ${formatElapsed(trial.latency_ms)}`);
      return { candidate, place, trial };
    }
    const { message = "It gave no model to ask", failure } = trial.error ?? {};
    if (!asks) {
      throw new AlephError("provider_error", message, { data: { hint: `${hintFor(failure)}\nNothing was written` } });
    }
    bad(message, hintFor(failure));
    const next = await choose("What now?", [
      { label: kind.key === "none" ? "Try again" : "Try another key", value: "again" },
      { label: "Write it all the same", value: "keep" },
      { label: "Leave, nothing is written", value: "leave" },
    ]);
    if (next === "leave") throw new AlephError("cancelled", "Nothing was written");
    if (next === "keep") return { candidate, place, trial };
  }
}

async function findKey(
  kind: Kind,
  args: Answers,
  asks: boolean,
  again: boolean,
  { env, terminal, program }: Invocation,
): Promise<{ readonly key?: string; readonly place: KeyPlace | undefined }> {
  if (kind.key === "none") return { place: undefined };
  if (args["api-key-stdin"] && !again) {
    const key = (await Bun.stdin.text()).trim();
    if (key === "")
      throw usageError("There is no key on standard input", `${program} wizard --api-key-stdin < key.txt`);
    return { key, place: { kind: "file" } };
  }
  const name = kind.variables.find((variable) => env.all[variable]);
  if (name !== undefined && !again) {
    const use = !asks || (await confirm(`Use the key in ${name}?`, true));
    if (use) return { key: env.all[name]!, place: { kind: "variable", name } };
  }
  if (!asks) {
    if (kind.key === "optional") return { place: undefined };
    const [usual = ""] = kind.variables;
    throw usageError(`There is no key for ${kind.label}`, `Set ${usual}, or give the key with --api-key-stdin`);
  }
  if (kind.keyPage && !again) terminal.err.write(`Get a key at ${kind.keyPage}\n`);
  for (;;) {
    const key = await askSecret(
      terminal,
      kind.key === "optional" ? "Key (Enter for none, it does not show):" : "Key (it does not show):",
    );
    if (key === "" && kind.key === "optional") return { place: undefined };
    if (isReference(key)) terminal.err.write("That is a reference, not a key\n");
    else if (key !== "") return { key, place: { kind: "file" } };
  }
}

const FEW_MODELS = 12;

async function chooseModel(
  candidate: Candidate,
  trial: Trial,
  wanted: string | undefined,
  asks: boolean,
  invocation: Invocation,
): Promise<string | undefined> {
  const { good, bad } = speech(invocation);
  const tested = trial.model ?? undefined;
  const listed = trial.models ?? [];
  if (wanted !== undefined || !asks || listed.length < 2) return wanted ?? tested;
  const { tryCandidate } = await import("../setup/candidate.ts");
  for (let preset = tested; ; ) {
    const model = await pickModel(listed, preset);
    if (model === tested) return model;
    const own = await tryCandidate(candidate, invocation.env, model);
    if (own.ok) {
      good(`${model} answered in ${formatElapsed(own.latency_ms)}`);
      return model;
    }
    bad(own.error?.message ?? "It did not answer", hintFor(own.error?.failure));
    preset = tested;
  }
}

async function pickModel(listed: readonly string[], preset: string | undefined): Promise<string> {
  if (listed.length <= FEW_MODELS) {
    const choices = listed.map((id) => ({ label: printableLine(id), value: id }));
    return choose("Which model?", choices, Math.max(0, listed.indexOf(preset ?? "")));
  }
  for (;;) {
    const model = await ask(`Which model? (${listed.length} are offered)`, preset);
    if (listed.includes(model)) return model;
    const meant = nearest(model, listed);
    const like = listed.filter((id) => id.includes(model)).slice(0, FEW_MODELS);
    if (like.length > 0)
      return choose(
        "Which of these?",
        like.map((id) => ({ label: printableLine(id), value: id })),
      );
    if (meant && (await confirm(`There is none of that name. Take ${printableLine(meant)}?`, true))) return meant;
  }
}

async function choosePlace(): Promise<KeyPlace> {
  const { hasKeychain } = await import("../setup/keychain.ts");
  if (!(await hasKeychain())) return { kind: "file" };
  return choose<KeyPlace>("Where shall the key be kept?", [
    { label: "In a file that only you can read", value: { kind: "file" } },
    { label: "In the keychain of this machine", value: { kind: "keychain" } },
  ]);
}

/** The end for a person: a conversation. */
async function talk(args: Answers, invocation: Invocation, model: string | undefined): Promise<number> {
  const { env, terminal } = invocation;
  const { createLink } = await import("../conversation/link.ts");
  const link = createLink({ notice: (text) => terminal.err.write(`${text}\n`) });
  terminal.err.write("\nSay hello. It remembers this conversation the next time.\n");
  return withClient(
    args,
    invocation,
    async ({ client, url }) => {
      if (url !== undefined) await client.call("config.reload", {});
      const { converse } = await import("../conversation/interactive.ts");
      const place = { sessionKey: undefined, model };
      return converse({ client, link, terminal, home: homeOf(args, env), params: {}, place, thinking: false });
    },
    { reconnect: true, recover: true, onState: link.onState },
  );
}

/** The end for a script: what was written is read by the server, or a core of its own, and asked once more. */
async function prove(args: Answers, invocation: Invocation, model: string | undefined): Promise<number> {
  const { good } = speech(invocation);
  return withClient(args, invocation, async ({ client, url }): Promise<number> => {
    if (url !== undefined) await client.call("config.reload", {});
    const { ok, error, model: tested } = await client.call("models.test", { target: model ?? "default" });
    if (!ok) {
      throw new AlephError(
        "provider_error",
        `The config is written, but the model does not answer: ${error?.message ?? "no reason given"}`,
        {
          data: { hint: hintFor(error?.failure) },
        },
      );
    }
    good(`${tested ?? model} is ready. Talk to it with: ${invocation.program} chat`);
    return 0;
  });
}
