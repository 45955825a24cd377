/** Where what a job said goes: a conversation elsewhere, one of the owner's own, or a webhook; on disk together with the run's end. */
import type { Database } from "bun:sqlite";
import type { CronDeliver } from "../protocol/cron.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Message, MessagePart } from "../protocol/message.ts";
import { canonicalSessionKey, isEphemeral, parseSessionKey } from "../protocol/session-key.ts";
import { parseNetworkRules } from "../sandbox/network-rules.ts";
import { mayPost, post } from "../sandbox/post.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { NetworkDoor } from "../sdk/runtime.ts";
import { appendMessage } from "../session/messages.ts";
import { ensureSession } from "../session/sessions.ts";
import { signBody } from "../webhook/signature.ts";

/** Puts messages to the conversations of one channel into the caller's transaction. */
export interface Poster {
  put(db: Database, conversation: string, text: string): void;
  /** After the commit. */
  kick(): void;
}

export interface DeliveryOptions {
  /** Throws `not_found` for an interface that there is not. */
  readonly poster: (channel: string) => Promise<Poster>;
  /** `[cron].webhooks`. */
  readonly rules: () => readonly string[];
  readonly door: (rules: readonly string[]) => Promise<NetworkDoor>;
  readonly resolveSecret: (value: string) => Promise<string>;
  readonly bus: Publisher;
  readonly now: () => number;
}

/** What is said. */
export interface Spoken {
  readonly text: string;
  /** What a stranger wrote may be in it. */
  readonly untrusted: boolean;
}

/** One that waits to be written down with the end of its run. */
export interface Delivery {
  /** Inside the transaction of the run's end. */
  put(db: Database): void;
  /** After the commit. */
  announce(): void;
}

export class Deliveries {
  readonly #o: DeliveryOptions;

  constructor(options: DeliveryOptions) {
    this.#o = options;
  }

  /** As it is kept. Throws `invalid_params` or `not_found` for a place that nothing can be brought to. */
  async check(deliver: CronDeliver): Promise<CronDeliver> {
    if ("interface" in deliver) {
      await this.#o.poster(deliver.interface);
      return deliver;
    }
    if ("session_key" in deliver) {
      const key = parseSessionKey(deliver.session_key);
      if (isEphemeral(key) || (key.form !== "main" && key.form !== "chat")) {
        throw refuse("session_key", "must be a conversation of the owner, such as agent:main:main");
      }
      return { session_key: canonicalSessionKey(deliver.session_key) };
    }
    this.#checkWebhook(deliver.webhook);
    return deliver;
  }

  async prepare(deliver: Exclude<CronDeliver, { webhook: string }>, spoken: Spoken): Promise<Delivery> {
    if ("interface" in deliver) {
      const poster = await this.#o.poster(deliver.interface);
      return {
        put: (db) => poster.put(db, deliver.target, spoken.text),
        announce: () => poster.kick(),
      };
    }
    return this.#toSession(deliver.session_key, spoken);
  }

  /** Resolves when it was taken; throws what says whether to try again. `key` is the same at each try. */
  async post(
    { webhook: url, secret }: Extract<CronDeliver, { webhook: string }>,
    key: string,
    payload: string,
    stop: AbortSignal,
  ): Promise<void> {
    this.#checkWebhook(url);
    const { door, rules, resolveSecret, now } = this.#o;
    const headers: [string, string][] = [
      ["content-type", "application/json"],
      ["aleph-delivery", key],
    ];
    if (secret !== undefined) {
      headers.push(["aleph-signature", signBody(payload, await resolveSecret(secret), now())]);
    }
    const { ok, status, isFinal, retryAfterMs } = await post(
      await door(rules()),
      { url, headers, body: payload },
      stop,
    );
    if (ok) return;
    throw new AlephError(isFinal ? "forbidden" : "provider_error", `The webhook answered ${status}`, {
      data: { retry_after_ms: retryAfterMs },
    });
  }

  #checkWebhook(url: string): void {
    const target = URL.parse(url);
    if (target?.username !== "" || target.password !== "") {
      throw refuse("webhook", "must be a URL without a password");
    }
    if (!mayPost(target, parseNetworkRules(this.#o.rules()))) {
      throw new AlephError("forbidden", `No webhook may be called at "${target.origin}"`, {
        data: { hint: `Add "connect:${target.origin}" to webhooks in [cron] of config.toml` },
      });
    }
  }

  #toSession(sessionKey: string, { text, untrusted }: Spoken): Delivery {
    const { now, bus } = this.#o;
    const ts = now();
    // Of what strangers wrote, the model of that conversation is told that it is not its own word.
    const role = untrusted ? "user" : "assistant";
    const parts: MessagePart[] = [{ type: "text", text, ...(untrusted ? { untrusted: true as const } : {}) }];
    let made: Message | undefined;
    let isNew = false;
    return {
      put(db) {
        const { id: sessionId, created } = ensureSession(db, sessionKey, "owner", ts);
        isNew = created;
        const id = appendMessage(db, { sessionId, runId: null, role, parts, status: "complete", ts });
        made = { id: String(id), role, content: text, parts, run_id: null, status: "complete", ts, model: null };
      },
      announce() {
        if (isNew) bus.publish("session.created", { session_key: sessionKey, kind: "owner" }, { sessionKey });
        if (made) bus.publish("session.message", { session_key: sessionKey, message: made }, { sessionKey });
      },
    };
  }
}

function refuse(path: string, message: string): AlephError {
  return new AlephError("invalid_params", `Delivery is not possible: ${path} ${message}`, {
    data: { issues: [{ path: `deliver.${path}`, message }] },
  });
}
