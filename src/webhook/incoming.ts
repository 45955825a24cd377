/** Inbound webhooks: who signs as the config says starts a run, once for each delivery; nobody else learns anything. */

import type { Origin } from "../agent/accept.ts";
import { networkOf } from "../auth/attempts.ts";
import type { Config, WebhookInTable } from "../config/schema.ts";
import { Failures } from "../lib/failures.ts";
import { compileGlob } from "../lib/glob.ts";
import { describeError, type Log } from "../lib/log.ts";
import { createTokenBucket, type TokenBucket } from "../lib/token-bucket.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { RunParams } from "../protocol/run.ts";
import { buildSessionKey } from "../protocol/session-key.ts";
import type { Store } from "../sdk/store.ts";
import { findDelivery, insertAnswer, insertDelivery } from "./delivery-rows.ts";
import { FIELDS, readPayload } from "./payload.ts";
import { isToken, verifySignature } from "./signature.ts";
import { fieldOf, type Rendered, renderTemplate } from "./template.ts";

export interface IncomingOptions {
  readonly hooks: () => Config["webhooks"]["in"];
  readonly resolveSecret: (value: string) => Promise<string>;
  readonly store: Store;
  readonly runner: {
    start(params: RunParams, grant: Grant, credential: undefined, origin: Origin): Promise<{ readonly run_id: string }>;
  };
  /** A run whose answer goes to a conversation was begun. */
  readonly onAnswer: (runId: string) => void;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly monotonic: () => number;
}

export interface Delivery {
  readonly headers: Headers;
  readonly address: string;
  /** Rejects with `payload_too_large`. Read only when somebody may be let in. */
  body(limit: number): Promise<Uint8Array>;
}

export type Receipt =
  | { readonly status: 202; readonly body: { readonly run_id: string; readonly duplicate?: true } }
  | { readonly status: 200; readonly body: { readonly ignored: string } };

const DAY_MS = 86_400_000;
const DEFAULTS = { tolerance_ms: 300_000, max_body: 1_000_000, per_minute: 60, keep_days: 30 };
const DEFAULT_MESSAGE = "A webhook came: {{$name}} {{$event}}\n\n{{$}}";
/** Addresses whose failures are remembered. */
const ADDRESSES = 10_000;
/** Lines a second about what was refused, beyond the first ones. */
const REFUSAL_LINES = 0.1;
const FIRST_REFUSAL_LINES = 10;
const MAX_ID = 200;

export class Incoming {
  readonly #o: IncomingOptions;
  readonly #failures = new Map<string, Failures>();
  readonly #paces = new Map<string, { readonly rate: number; readonly bucket: TokenBucket }>();
  readonly #refused = new Map<string, number>();
  readonly #lines: TokenBucket;

  constructor(options: IncomingOptions) {
    this.#o = options;
    this.#lines = createTokenBucket(REFUSAL_LINES, options.monotonic, FIRST_REFUSAL_LINES);
  }

  /** Requests that were not let in, since the server started. */
  refused(name: string): number {
    return this.#refused.get(name) ?? 0;
  }

  /**
   * Resolves once the message is on disk. Throws `not_found`, `auth_failed`, `rate_limited`, `payload_too_large`, `invalid_params`
   * and what the runner throws.
   */
  async receive(name: string, delivery: Delivery): Promise<Receipt> {
    const { hooks, now } = this.#o;
    const hook = hookOf(hooks(), name);
    if (!hook || hook.enabled === false) throw new AlephError("not_found", "No webhook here");
    this.#checkAddress(delivery.address);
    const { headers } = delivery;
    await this.#checkToken(name, hook, delivery);
    const body = await delivery.body(hook.max_body ?? DEFAULTS.max_body);
    const signature = await this.#checkSignature(name, hook, delivery, body);
    this.#checkPace(name, hook.per_minute ?? DEFAULTS.per_minute);
    const payload = readPayload(body, headers.get("content-type") ?? "");
    const event = eventOf(hook, headers, payload);
    if (hook.events && !hook.events.some((glob) => compileGlob(glob)(event))) {
      return { status: 200, body: { ignored: `event "${event.slice(0, MAX_ID)}" is not among those that are wanted` } };
    }
    const keys = keysOf(hook, headers, payload, signature);
    const known = findDelivery(this.#o.store.db, name, keys);
    if (known !== undefined) return { status: 202, body: { run_id: known, duplicate: true } };
    const message = this.render(name, hook, payload, event);
    const before = now() - (hook.keep_days ?? DEFAULTS.keep_days) * DAY_MS;
    return this.#start(name, hook, message, { keys, before });
  }

  /** Throws `invalid_params` when there is nothing to say. */
  render(name: string, hook: WebhookInTable, payload: unknown, event: string): Rendered {
    const rendered = renderTemplate(hook.message ?? DEFAULT_MESSAGE, payload, { name, event });
    if (rendered.text.trim() !== "") return rendered;
    throw new AlephError("invalid_params", "The message would say nothing", {
      data: { hint: `[webhooks.in.${name}].message names fields that are not in the payload` },
    });
  }

  /** The message that a payload would become; nothing is started. Throws `not_found` and as `receive`. */
  preview(
    name: string,
    payload: unknown,
    headers: Headers = new Headers(),
  ): { readonly event: string; readonly message: string } {
    const hook = hookOf(this.#o.hooks(), name);
    if (!hook)
      throw new AlephError("not_found", `No webhook "${name}" in config.toml`, {
        data: { hint: "webhooks.list shows those that exist" },
      });
    const event = eventOf(hook, headers, payload);
    return { event, message: this.render(name, hook, payload, event).text };
  }

  async #start(
    name: string,
    { session, agent = "main", model, deliver }: WebhookInTable,
    { text, outside }: Rendered,
    { keys, before }: { readonly keys: readonly string[]; readonly before: number },
  ): Promise<Receipt> {
    const { runner, store, now, onAnswer } = this.#o;
    const session_key = session ?? buildSessionKey({ form: "task", agent, source: "webhook", id: name });
    try {
      const { run_id } = await runner.start(
        { message: text, session_key, ...(model === undefined ? {} : { model }) },
        grantOf(name),
        undefined,
        {
          byAgent: true,
          outside: { text, pieces: outside },
          also(db, runId) {
            insertDelivery(db, { hook: name, keys, runId: runId!, now: now(), before });
            if (deliver) insertAnswer(db, runId!, name, { channel: deliver.interface, conversation: deliver.target });
          },
        },
      );
      if (deliver) onAnswer(run_id);
      return { status: 202, body: { run_id } };
    } catch (thrown) {
      // The same came twice at once: the other one was first.
      const known = findDelivery(store.db, name, keys);
      if (known !== undefined) return { status: 202, body: { run_id: known, duplicate: true } };
      throw thrown;
    }
  }

  #checkAddress(address: string): void {
    const failures = this.#failures.get(networkOf(address));
    const wait = failures?.tooMany ? failures.pause(this.#o.monotonic()) : 0;
    if (wait === 0) return;
    throw new AlephError("rate_limited", "Too many requests that were not signed", {
      data: { retry_after_ms: Math.ceil(wait) },
    });
  }

  async #checkToken(name: string, { token }: WebhookInTable, delivery: Delivery): Promise<void> {
    if (token === undefined) return;
    const { headers } = delivery;
    const sent =
      /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1] ?? headers.get("x-webhook-token") ?? "";
    const tokens = await this.#resolve(name, token);
    if (!isToken(sent, tokens)) this.#refuse(name, delivery.address, sent === "" ? "no token" : "wrong token");
  }

  async #checkSignature(
    name: string,
    hook: WebhookInTable,
    { headers, address }: Delivery,
    body: Uint8Array,
  ): Promise<string | undefined> {
    const { secret, scheme = "github", header, prefix, tolerance_ms = DEFAULTS.tolerance_ms } = hook;
    if (secret === undefined) return undefined;
    const secrets = await this.#resolve(name, secret);
    const rules = { scheme, header, prefix, tolerance_ms };
    const verdict = verifySignature({ body, headers }, rules, secrets, this.#o.now());
    return verdict.ok ? verdict.signature : this.#refuse(name, address, verdict.why);
  }

  async #resolve(name: string, given: string | readonly string[]): Promise<readonly string[]> {
    const { resolveSecret, log } = this.#o;
    const all = typeof given === "string" ? [given] : given;
    try {
      return await Promise.all(all.map(resolveSecret));
    } catch (thrown) {
      log.error("the secret of a webhook cannot be read", { webhook: name, ...describeError(thrown) });
      throw new AlephError("internal", "Internal error", { cause: thrown });
    }
  }

  #refuse(name: string, address: string, why: string): never {
    const { monotonic, log } = this.#o;
    const network = networkOf(address);
    const failures = this.#failures.get(network) ?? new Failures();
    failures.add(monotonic());
    this.#failures.delete(network);
    this.#failures.set(network, failures);
    if (this.#failures.size > ADDRESSES) this.#failures.delete(this.#failures.keys().next().value!);
    this.#refused.set(name, this.refused(name) + 1);
    if (this.#lines.take() === 0) log.warn("webhook refused", { webhook: name, address, why });
    throw new AlephError(
      "auth_failed",
      why === "too old" ? "The signature is too old" : "The signature or token is not valid",
    );
  }

  #checkPace(name: string, perMinute: number): void {
    let pace = this.#paces.get(name);
    if (pace?.rate !== perMinute) {
      pace = { rate: perMinute, bucket: createTokenBucket(perMinute / 60, this.#o.monotonic, perMinute) };
      this.#paces.set(name, pace);
    }
    const wait = pace.bucket.take();
    if (wait === 0) return;
    throw new AlephError("rate_limited", `More than ${perMinute} deliveries a minute`, {
      data: { retry_after_ms: wait, hint: `[webhooks.in.${name}].per_minute in config.toml sets the limit` },
    });
  }
}

function hookOf(hooks: Config["webhooks"]["in"], name: string): WebhookInTable | undefined {
  return Object.hasOwn(hooks, name) ? hooks[name] : undefined;
}

/** The owner wrote what is to be done, so the owner is asked; more than to talk is not given, and all of it is tainted. */
function grantOf(name: string): Grant {
  return { identity: { id: `webhook:${name}`, kind: "owner" }, role: "operator", scopes: ["chat"] };
}

function eventOf({ scheme = "github", ...hook }: WebhookInTable, headers: Headers, payload: unknown): string {
  const { event_header = FIELDS[scheme].event_header, event_field = FIELDS[scheme].event_field } = hook;
  const named = event_header === undefined ? undefined : headers.get(event_header);
  const field = event_field === undefined ? undefined : fieldOf(payload, event_field);
  return [named, field].filter((part) => typeof part === "string" && part !== "").join(".");
}

/**
 * What makes a delivery this one. Its id, where it has one, is said outside of what `github` signs: there the same signed body is the
 * same delivery, too, or whoever has seen one could send it again under another id.
 */
function keysOf(
  { scheme = "github", repeats = false, ...hook }: WebhookInTable,
  headers: Headers,
  payload: unknown,
  signature: string | undefined,
): readonly string[] {
  const { id_header = FIELDS[scheme].id_header, id_field = FIELDS[scheme].id_field } = hook;
  const ids = [
    id_header === undefined ? undefined : headers.get(id_header),
    id_field === undefined ? undefined : fieldOf(payload, id_field),
  ];
  const keys = ids.flatMap((id) =>
    (typeof id === "string" && id !== "") || typeof id === "number" ? [`id:${shortId(String(id))}`] : [],
  );
  const isSaid = keys.length > 0;
  if (signature !== undefined && !(repeats && isSaid)) keys.push(`signed:${signature}`);
  return [...new Set(keys)];
}

function shortId(id: string): string {
  return id.length <= MAX_ID ? id : new Bun.CryptoHasher("sha256").update(id).digest("hex");
}
