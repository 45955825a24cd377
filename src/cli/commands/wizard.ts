/** `aleph wizard`: from nothing to a model that answers. */

import { printableLine } from "../../lib/terminal-text.ts";
import { AlephError } from "../../protocol/errors.ts";
import { nextStepOf } from "../../protocol/provider-hint.ts";
import { KINDS, type Kind } from "../../protocol/provider-kind.ts";
import { defineCommand, type Invocation } from "../command.ts";
import { withClient } from "../connection.ts";
import { EXIT } from "../exit-codes.ts";
import { usageError, writeHint } from "../failure.ts";
import { homeFlags, homeOf } from "../flags.ts";
import { formatElapsed } from "../format.ts";
import { choose, confirm } from "../question.ts";
import { LOCAL } from "../remotes.ts";
import type { Candidate, Trial } from "../setup/candidate.ts";
import type { Answers, Asking, Draft } from "../setup/choices.ts";
import type { Current, KeyPlace } from "../setup/save.ts";
import type { Output } from "../terminal.ts";

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
    ["aleph wizard", "answer a few questions"],
    ["aleph wizard --yes", "use a key that is in the environment, or a local Ollama"],
    ["aleph wizard --provider openai --api-key-stdin --yes < key.txt", "in a script"],
  ],
  async run(args, invocation): Promise<number> {
    const { env, terminal, program } = invocation;
    const asking: Asking = !args.yes && terminal.interactive && terminal.out.isTerminal ? terminal : undefined;
    const home = homeOf(args, env);
    const say = (text: string) => terminal.err.write(`${printableLine(text)}\n`);
    const [{ findProviders }, { readCurrent, saveCandidate }, choices] = await Promise.all([
      import("../setup/candidate.ts"),
      import("../setup/save.ts"),
      import("../setup/choices.ts"),
    ]);
    const current = await readCurrent(home, env);
    say(`This sets up a model for ${home.path}`);
    const found = await findProviders(env);
    const kind = await choices.chooseKind(args, found, asking);
    const draft = await choices.describeCandidate(kind, args, found, asking);
    if (asking) await confirmReplacing(draft.candidate, current, asking);
    const { candidate, place, trial } = await tryUntilItAnswers(kind, draft, args, asking, invocation);
    const model = await chooseModel(candidate, trial, args.model, asking, invocation);
    const keep = place?.kind === "file" && asking ? await choices.choosePlace(asking) : place;

    const ref = model === undefined ? undefined : `${candidate.id}/${model}`;
    const other = current.defaultModel === ref ? undefined : current.defaultModel;
    const becomesDefault =
      other === undefined ||
      args.model !== undefined ||
      (asking !== undefined && (await confirm(asking, `Use ${ref} by default instead of ${other}?`, true)));
    // The demo answers by itself where there is nothing else; written down it would stand in the way of what comes later.
    const isNothing = kind.type === "demo" && found.length === 0 && current.providers.length === 0;
    await saveCandidate({
      home,
      env,
      candidate: isNothing ? undefined : candidate,
      place: keep,
      defaultModel: becomesDefault && !isNothing ? ref : undefined,
    });
    say(`Written to ${home.config}`);
    if (keep?.kind === "file") say(`The key is in ${home.credentials}, readable by you alone`);
    if (!becomesDefault)
      say(`${other} still answers by default; to change that: ${program} config set models.default ${ref}`);
    // It is this home that was set up, whatever server the environment names.
    const own = { ...args, home: home.path };
    return asking ? talk(own, invocation, ref) : prove(own, invocation, ref);
  },
});

async function confirmReplacing({ id }: Candidate, { providers }: Current, asking: NonNullable<Asking>): Promise<void> {
  if (!providers.includes(id)) return;
  const goOn = await confirm(asking, `[providers.${id}] is in config.toml already. Change its key and address?`, true);
  if (!goOn) throw usageError("Nothing was written", "Give the new one a name of its own with --name");
}

interface Tried {
  readonly candidate: Candidate;
  readonly place: KeyPlace | undefined;
  readonly trial: Trial;
}

/** Nothing is written before the provider has really answered, or the person wants it all the same. */
async function tryUntilItAnswers(
  kind: Kind,
  { candidate: keyless, variables }: Draft,
  args: Answers,
  asking: Asking,
  { env, terminal }: Invocation,
): Promise<Tried> {
  const [{ tryCandidate }, { findKey }] = await Promise.all([
    import("../setup/candidate.ts"),
    import("../setup/choices.ts"),
  ]);
  for (let again = false; ; again = true) {
    const { key, place } = await findKey(kind, args, asking, { variables, env, again });
    const candidate: Candidate = key === undefined ? keyless : { ...keyless, key };
    terminal.err.write("Asking it for a short answer …\n");
    const trial = await tryCandidate(candidate, env, args.model);
    if (trial.ok) {
      writeAnswered(terminal.err, trial);
      return { candidate, place, trial };
    }
    if (!asking) {
      const { message = "It gave no model to ask" } = trial.error ?? {};
      throw new AlephError("provider_error", message, {
        data: { hint: `${nextStepOf(trial.error)}\nNothing was written` },
      });
    }
    writeFailed(terminal.err, trial);
    const next = await choose(asking, "What now?", [
      { label: kind.key === "none" ? "Try again" : "Try another key", value: "again" },
      { label: "Write it all the same", value: "keep" },
      { label: "Leave; nothing is written", value: "leave" },
    ]);
    if (next === "leave") throw new AlephError("cancelled", "Nothing was written");
    if (next === "keep") return { candidate, place, trial };
  }
}

async function chooseModel(
  candidate: Candidate,
  { model, models = [] }: Trial,
  wanted: string | undefined,
  asking: Asking,
  { env, terminal }: Invocation,
): Promise<string | undefined> {
  const tested = model ?? undefined;
  if (wanted !== undefined || !asking || models.length < 2) return wanted ?? tested;
  const [{ tryCandidate }, { pickModel }] = await Promise.all([
    import("../setup/candidate.ts"),
    import("../setup/choices.ts"),
  ]);
  for (;;) {
    const picked = await pickModel(models, tested, asking);
    if (picked === tested) return picked;
    const trial = await tryCandidate(candidate, env, picked);
    if (trial.ok) {
      writeAnswered(terminal.err, trial);
      return picked;
    }
    writeFailed(terminal.err, trial);
  }
}

function writeAnswered(err: Output, { provider, model, latency_ms }: Trial): void {
  err.write(`${err.style.green("ok")}  ${printableLine(model ?? provider)} answered in ${formatElapsed(latency_ms)}\n`);
}

function writeFailed(err: Output, { error }: Trial): void {
  err.write(`${err.style.red("It did not work:")} ${printableLine(error?.message ?? "no answer")}\n`);
  writeHint(err, nextStepOf(error));
}

/** The end for a person: a conversation. */
async function talk(args: Answers, invocation: Invocation, model: string | undefined): Promise<number> {
  const { env, terminal } = invocation;
  const { createLink } = await import("../conversation/link.ts");
  const link = createLink({ notice: (text) => terminal.err.write(`\n${text}\n`) });
  terminal.err.write("\nSay hello. The conversation is kept, and goes on the next time.\n");
  return withClient(
    { ...args, "remote-name": LOCAL },
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

/** The end for a script: what was written is read by the server, or by a core of its own, and asked once more. */
async function prove(args: Answers, invocation: Invocation, model: string | undefined): Promise<number> {
  return withClient({ ...args, "remote-name": LOCAL }, invocation, async ({ client, url }): Promise<number> => {
    if (url !== undefined) await client.call("config.reload", {});
    const trial = await client.call("models.test", { target: model ?? "default" });
    if (!trial.ok) {
      const why = trial.error?.message ?? "no reason given";
      throw new AlephError("provider_error", `The config is written, but the model does not answer: ${why}`, {
        data: { hint: nextStepOf(trial.error) },
      });
    }
    const { err } = invocation.terminal;
    err.write(`${err.style.green("ok")}  Ready. Talk to it with: ${invocation.program} chat\n`);
    return EXIT.ok;
  });
}
