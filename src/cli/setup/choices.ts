/** What the wizard finds out before it tries a provider: by options, by what is at hand, or by asking. */
import type { Environment } from "../../config/environment.ts";
import { isReference } from "../../config/secrets.ts";
import { nearest } from "../../lib/nearest.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { KINDS, type Kind, nameFor } from "../../protocol/provider-kind.ts";
import { usageError } from "../failure.ts";
import type { HomeFlags } from "../flags.ts";
import { ask, askSecret, choose, confirm } from "../question.ts";
import type { Terminal } from "../terminal.ts";
import type { Candidate, Found } from "./candidate.ts";
import type { KeyPlace } from "./save.ts";

/** The options of the command. */
export interface Answers extends HomeFlags {
  readonly provider?: string | undefined;
  readonly name?: string | undefined;
  readonly "base-url"?: string | undefined;
  readonly model?: string | undefined;
  readonly "api-key-stdin"?: boolean | undefined;
}

/** Where to ask; nothing where nobody is to be asked. */
export type Asking = Terminal | undefined;

export async function chooseKind({ provider }: Answers, found: readonly Found[], asking: Asking): Promise<Kind> {
  if (provider !== undefined) return kindNamed(provider);
  // What is at hand comes first; the demo is always there, last.
  const order = KINDS.toSorted((a, b) => Number(isFound(b, found)) - Number(isFound(a, found)));
  if (!asking) return order[0] && isFound(order[0], found) ? order[0] : KINDS.at(-1)!;
  const choices = order.map((kind) => ({ label: kind.label, hint: hintOf(kind, found), value: kind }));
  return choose(asking, "Which provider?", choices);
}

function kindNamed(name: string): Kind {
  const kind = KINDS.find(({ type }) => type === name);
  if (kind) return kind;
  const types = KINDS.map(({ type }) => type);
  const meant = nearest(name, types);
  const hint = meant ? `Did you mean ${meant}?` : `Use one of: ${types.join(", ")}`;
  throw usageError(`There is no kind of provider ${JSON.stringify(name)}`, hint);
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

export interface Draft {
  /** Without its key. */
  readonly candidate: Candidate;
  /** Where its key may stand already. */
  readonly variables: readonly string[];
}

export async function describeCandidate(
  kind: Kind,
  args: Answers,
  found: readonly Found[],
  asking: Asking,
): Promise<Draft> {
  const own = found.find(({ type }) => type === kind.type);
  const address = await findAddress(kind, args, own?.base_url ?? kind.address, asking);
  const id = args.name ?? (kind.type === "openai-compatible" ? (own?.id ?? nameFor(address ?? "")) : kind.type);
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(id)) {
    throw usageError(`${JSON.stringify(id)} cannot name a provider`, "Use letters, digits, . _ or - in --name");
  }
  // OPENAI_BASE_URL: the key beside it is meant for that address and for no other.
  const isImplied = own?.from === "environment" && own.has_key && own.base_url === address;
  const variables = kind.type === "openai-compatible" && isImplied ? ["OPENAI_API_KEY"] : kind.variables;
  return { candidate: { id, type: kind.type, ...(address === undefined ? {} : { address }) }, variables };
}

async function findAddress(
  { asksAddress }: Kind,
  args: Answers,
  known: string | undefined,
  asking: Asking,
): Promise<string | undefined> {
  const given = args["base-url"];
  for (let again = false; ; again = true) {
    const asks = asking && asksAddress && (given === undefined || again);
    const address = asks ? await ask(asking, "Address of its API:", known) : (given ?? known);
    if (address === undefined && !asksAddress) return undefined;
    if (/^https?:\/\/./.test(address ?? "") && URL.canParse(address ?? "")) return address;
    const what = address ? `${JSON.stringify(address)} is not a web address` : "The provider's address is missing";
    const hint = "For example https://openrouter.ai/api/v1";
    if (!asks) throw usageError(what, `Give it with --base-url. ${hint}`);
    asking.err.write(`${printableLine(what)}. ${hint}\n`);
  }
}

export interface FoundKey {
  readonly key?: string;
  /** Where the key is or goes; nothing without one. */
  readonly place: KeyPlace | undefined;
}

/** `again`: the key that was at hand did not work. */
export async function findKey(
  kind: Kind,
  args: Answers,
  asking: Asking,
  { variables, env, again }: Pick<Draft, "variables"> & { readonly env: Environment; readonly again: boolean },
): Promise<FoundKey> {
  if (kind.key === "none") return { place: undefined };
  if (args["api-key-stdin"] && !again) {
    const key = (await Bun.stdin.text()).trim();
    if (key === "")
      throw usageError("There is no key on standard input", "For example: aleph wizard --api-key-stdin < key.txt");
    return { key, place: { kind: "file" } };
  }
  const name = variables.find((variable) => env.all[variable]);
  if (name !== undefined && !again && (!asking || (await confirm(asking, `Use the key in ${name}?`, true)))) {
    return { key: env.all[name]!, place: { kind: "variable", name } };
  }
  if (asking) return askKey(kind, asking);
  if (kind.key === "optional") return { place: undefined };
  const [usual = ""] = kind.variables;
  throw usageError(`There is no key for ${kind.label}`, `Set ${usual}, or give the key with --api-key-stdin`);
}

async function askKey({ key: need, keyPage }: Kind, asking: Terminal): Promise<FoundKey> {
  if (keyPage) asking.err.write(`Get a key at ${keyPage}\n`);
  const question = need === "optional" ? "Key (Enter for none; it does not show):" : "Key (it does not show):";
  for (;;) {
    const key = await askSecret(asking, question);
    if (key === "" && need === "optional") return { place: undefined };
    if (isReference(key)) asking.err.write("That is a reference, not a key\n");
    else if (key !== "") return { key, place: { kind: "file" } };
  }
}

/** More than fit on a screen are not listed one by one. */
const FEW_MODELS = 15;

/** One of the models that the provider lists. */
export async function pickModel(
  listed: readonly string[],
  preset: string | undefined,
  asking: Terminal,
): Promise<string> {
  const among = (question: string, ids: readonly string[], at = 0) => {
    const choices = ids.map((id) => ({ label: printableLine(id), value: id }));
    return choose(asking, question, choices, Math.max(0, at));
  };
  if (listed.length <= FEW_MODELS) return among("Which model?", listed, listed.indexOf(preset ?? ""));
  for (;;) {
    const model = await ask(asking, `Which model, of ${listed.length}? A part of the name is enough.`, preset);
    if (listed.includes(model)) return model;
    const like = listed.filter((id) => id.toLowerCase().includes(model.toLowerCase()));
    const meant = nearest(model, listed);
    if (like.length > FEW_MODELS)
      asking.err.write(`${like.length} have it in their name: ${like.slice(0, 8).join(", ")} …\n`);
    else if (like.length > 0) return among("Which of these?", like);
    else if (meant) return among("Perhaps this one?", [meant]);
    else asking.err.write("None has it in its name\n");
  }
}

export async function choosePlace(asking: Terminal): Promise<KeyPlace> {
  const { hasKeychain } = await import("./keychain.ts");
  if (!(await hasKeychain())) return { kind: "file" };
  return choose<KeyPlace>(asking, "Where shall the key be kept?", [
    { label: "In a file that only you can read", value: { kind: "file" } },
    { label: "In the keychain of this machine", value: { kind: "keychain" } },
  ]);
}
