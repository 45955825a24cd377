/**
 * Looks for facts in what was said, once a session is quiet. Of a conversation in which something from outside stands, or in which
 * others speak, only the owner's own words are read: what a stranger wrote reaches the memory by no detour.
 */
import type { Config } from "../config/schema.ts";
import { describeError, type Log } from "../lib/log.ts";
import { LONGEST_TIMER_MS } from "../lib/longest-timer.ts";
import { createSerial } from "../lib/serial.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Usage } from "../protocol/message.ts";
import { canonicalSessionKey } from "../protocol/session-key.ts";
import { addUsage } from "../protocol/usage.ts";
import { streamWithFailover } from "../providers/chain.ts";
import type { Models } from "../providers/models.ts";
import type { StoredFact } from "../sdk/memory.ts";
import type { Store } from "../sdk/store.ts";
import { hasOthers } from "../session/others.ts";
import type { Ledger } from "../usage/ledger.ts";
import prompt from "./extract.md" with { type: "text" };
import { MAX_CONTENT, type Namespace } from "./fact.ts";
import type { Facts } from "./facts.ts";
import type { Taints } from "./taints.ts";

export interface ExtractionOptions {
  readonly store: Store;
  readonly facts: Facts;
  readonly taints: Taints;
  readonly models: Pick<Models, "order" | "resolve" | "open" | "known" | "price" | "breaker" | "forget">;
  readonly usage: Pick<Ledger, "check" | "record">;
  readonly settings: () => Config["memory"]["extract"];
  readonly mask: (text: string) => Promise<string>;
  readonly log: Log;
  readonly now: () => number;
  readonly monotonic: () => number;
}

const ROUTE = "memory.extract";
const DAY_MS = 86_400_000;
/** Messages that are looked through at once, and characters of them; what is longer is cut. */
const MAX_MESSAGES = 40;
const MAX_CHARACTERS = 16_000;
const MAX_MESSAGE = 4000;
const MAX_FACTS = 8;
/** Less was hardly said by a person who tells something. */
const MIN_SAID = 12;
const TIMEOUT_MS = 60_000;
const KNOWN = 20;

interface SaidRow {
  readonly id: number;
  readonly run_id: string | null;
  readonly role: "user" | "assistant";
  readonly content: string;
  readonly parts: string;
  /** 0: another than the owner may have said it. */
  readonly owners: 0 | 1;
}

interface NotedFact {
  readonly content: string;
  readonly subject: string | undefined;
  readonly confidence: number;
  readonly replaces: string | undefined;
  readonly days: number | undefined;
}

export class Extraction implements Disposable {
  readonly #o: ExtractionOptions;
  readonly #planned = new Map<string, Timer>();
  readonly #serial = createSerial();
  readonly #stop = new AbortController();
  #last: Promise<unknown> = Promise.resolve();
  readonly #began: number;
  /** When a model was asked since then; what was before is among the usage. */
  #asked: number[] = [];

  constructor(options: ExtractionOptions) {
    this.#o = options;
    this.#began = options.now();
  }

  /** Later, when nothing more has been said in the session for a while. */
  plan(sessionKey: string, where: Namespace): void {
    const { enabled, idle_ms } = this.#o.settings();
    if (!enabled || this.#stop.signal.aborted) return;
    clearTimeout(this.#planned.get(sessionKey));
    const timer = setTimeout(
      () => {
        this.#planned.delete(sessionKey);
        this.run(sessionKey, where).catch((thrown: unknown) => {
          if (!this.#stop.signal.aborted) this.#o.log.warn("facts could not be looked for", describeError(thrown));
        });
      },
      Math.min(idle_ms, LONGEST_TIMER_MS),
    );
    timer.unref();
    this.#planned.set(sessionKey, timer);
  }

  /** Resolves with what was stored. One session after the other. Rejects with what the model's provider throws. */
  run(sessionKey: string, where: Namespace): Promise<readonly StoredFact[]> {
    const done = this.#serial(() => this.#extract(sessionKey, where));
    this.#last = done.catch(() => "told to the caller");
    return done;
  }

  async settled(): Promise<void> {
    await this.#last;
  }

  [Symbol.dispose](): void {
    for (const timer of this.#planned.values()) clearTimeout(timer);
    this.#stop.abort(new AlephError("cancelled", "Server is stopping"));
  }

  async #extract(sessionKey: string, where: Namespace): Promise<readonly StoredFact[]> {
    const { store, taints, models, settings, usage, now } = this.#o;
    this.#stop.signal.throwIfAborted();
    const { enabled, per_day, model: wanted } = settings();
    const session = store.db
      .query<{ id: number; model: string | null; kind: string }, [string]>(
        "SELECT id, model, kind FROM session WHERE key = ?",
      )
      .get(canonicalSessionKey(sessionKey));
    if (!enabled || !session || session.kind === "guest") return [];
    if (this.#askedToday(now()) >= per_day) return [];
    usage.check({ identity: "owner", sessionKey });
    const before = taints.progress(session.id);
    const rows = said(store, session.id, before?.messageId ?? 0);
    const last = rows.at(-1);
    if (last === undefined) return [];
    const tainted =
      (before?.tainted ?? false) || taints.since(session.id, before?.messageId ?? 0) || hasOthers(store.db, session.id);
    const own = rows.filter(({ role, parts, owners }) =>
      role === "user" ? owners === 1 && !parts.includes('"untrusted":true') : !tainted,
    );
    const done = { messageId: last.id, tainted };
    if (own.filter(({ role }) => role === "user").reduce((sum, { content }) => sum + content.length, 0) < MIN_SAID) {
      taints.save(session.id, done);
      return [];
    }
    const ref = wanted ?? session.model ?? lastModel(store, session.id) ?? models.order()[0]!;
    const from = await models.resolve(ref, this.#stop.signal);
    if ((await models.open(from.provider)).scripted) return [];
    const text = await this.#o.mask(dialogue(own));
    const noted = parseNoted(await this.#ask(from.ref, text, where, sessionKey));
    const stored: StoredFact[] = [];
    for (const fact of noted) stored.push(...(await this.#store(where, fact, sessionKey, last.run_id)));
    taints.save(session.id, done);
    return stored;
  }

  async #ask(ref: string, text: string, where: Namespace, sessionKey: string): Promise<string> {
    const { facts, models, usage, now, monotonic } = this.#o;
    const ids = facts.byWords(where, text, { limit: KNOWN, telling: true });
    const known = [...facts.byIds(where, ids).values()].filter(({ trusted }) => trusted);
    const lines = known.map(
      ({ fact_id, subject, content }) => `- ${fact_id}${subject ? ` (${subject})` : ""}: ${content}`,
    );
    const content = [
      `Today: ${new Date(now()).toISOString().slice(0, 10)}`,
      `Known facts:\n${lines.length > 0 ? lines.join("\n") : "none"}`,
      `The conversation:\n${text}`,
    ].join("\n\n");
    const began = monotonic();
    this.#asked.push(now());
    let asked: { readonly provider: string; readonly model: string } | undefined;
    let used: Usage | undefined;
    let answer = "";
    try {
      const parts = streamWithFailover({
        models,
        refs: [ref],
        request: {
          system: [prompt.trim()],
          messages: [{ role: "user", content: [{ type: "text", text: content }] }],
          tools: [],
          thinking: "off",
          maxOutputTokens: 1500,
        },
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      for await (const part of parts) {
        if (part.type === "model") asked = part;
        if (part.type === "text") answer += part.text;
        if (part.type === "usage") used = addUsage(used, part.usage);
      }
      return answer;
    } finally {
      if (asked && used) {
        const { provider, model } = asked;
        usage.record({
          identity: "owner",
          credential: undefined,
          sessionKey,
          route: ROUTE,
          provider,
          model,
          usage: used,
          ms: monotonic() - began,
        });
      }
    }
  }

  /** Nothing when the fact cannot be kept: it holds what was masked, or replaces what is gone meanwhile. */
  async #store(
    where: Namespace,
    { content, subject, confidence, replaces, days }: NotedFact,
    sessionKey: string,
    runId: string | null,
  ): Promise<readonly StoredFact[]> {
    if (content.includes("[masked]") || (await this.#o.mask(content)) !== content) return [];
    const fact = {
      content,
      subject,
      confidence,
      source: "run" as const,
      trusted: true,
      sessionKey,
      runId,
      ...(days === undefined ? {} : { expiresAt: this.#o.now() + days * DAY_MS }),
    };
    try {
      return [await this.#o.facts.store(where, { ...fact, replaces })];
    } catch (thrown) {
      if (!(thrown instanceof AlephError) || thrown.reason !== "not_found") throw thrown;
      return [await this.#o.facts.store(where, fact)];
    }
  }

  #askedToday(now: number): number {
    const row = this.#o.store.db
      .query<{ asked: number }, [string, number, number]>(
        "SELECT coalesce(sum(replies), 0) AS asked FROM usage WHERE route = ? AND ts > ? AND ts < ?",
      )
      .get(ROUTE, now - DAY_MS, this.#began);
    this.#asked = this.#asked.filter((at) => at > now - DAY_MS);
    return (row?.asked ?? 0) + this.#asked.length;
  }
}

/** What was said after a message: the last of it, oldest first. */
function said({ db }: Store, sessionId: number, after: number): readonly SaidRow[] {
  return db
    .query<SaidRow, [number, number, number]>(
      // In a group what came into a run that was under way may be anybody's.
      `SELECT message.id, run_id, role, content, parts,
         run.id IS NULL OR (request ->> '$.grant.identity.kind' IN ('owner', 'device')
           AND (key NOT GLOB 'agent:*:*:group:*' OR request ->> '$.messageId' = message.id)) AS owners
       FROM message JOIN session ON session.id = message.session_id LEFT JOIN run ON run.id = run_id
       WHERE message.session_id = ? AND message.id > ? AND role IN ('user', 'assistant')
         AND message.status = 'complete' AND content <> '' ORDER BY message.id DESC LIMIT ?`,
    )
    .all(sessionId, after, MAX_MESSAGES)
    .reverse();
}

function lastModel({ db }: Store, sessionId: number): string | undefined {
  const row = db
    .query<{ model: string }, [number]>(
      "SELECT model FROM message WHERE session_id = ? AND model IS NOT NULL ORDER BY id DESC LIMIT 1",
    )
    .get(sessionId);
  return row?.model;
}

/** The end of it, where it is too long. */
function dialogue(rows: readonly SaidRow[]): string {
  const lines = rows.map(({ role, content }) => {
    const text = content.length > MAX_MESSAGE ? `${content.slice(0, MAX_MESSAGE).toWellFormed()} […]` : content;
    return `${role === "user" ? "Person" : "Assistant"}: ${text}`;
  });
  return lines.join("\n\n").slice(-MAX_CHARACTERS).toWellFormed();
}

/** The facts of an answer; none of what is not as it was asked for. */
export function parseNoted(answer: string): readonly NotedFact[] {
  const from = answer.indexOf("{");
  const to = answer.lastIndexOf("}");
  if (from < 0 || to < from) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.slice(from, to + 1));
  } catch {
    // A model that does not write JSON notes nothing.
    return [];
  }
  const facts = field(parsed, "facts");
  if (!Array.isArray(facts)) return [];
  return facts.slice(0, MAX_FACTS).flatMap((fact: unknown) => {
    const [content, subject, replaces] = [field(fact, "content"), field(fact, "subject"), field(fact, "replaces")];
    const [confidence, days] = [field(fact, "confidence"), field(fact, "expires_in_days")];
    if (typeof content !== "string" || content.trim() === "" || content.length > MAX_CONTENT) return [];
    return [
      {
        content,
        subject: typeof subject === "string" && subject.trim() !== "" ? subject.slice(0, 200) : undefined,
        replaces: typeof replaces === "string" && replaces !== "" ? replaces : undefined,
        confidence: typeof confidence === "number" && confidence >= 0 && confidence <= 1 ? confidence : 0.7,
        days: typeof days === "number" && days > 0 && days <= 36_500 ? days : undefined,
      },
    ];
  });
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
