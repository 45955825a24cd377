/** What models took, reply by reply: kept on disk, summed up, and held against the budgets. */
import type { Config } from "../config/schema.ts";
import { createLocalDays, type LocalDay } from "../lib/local-day.ts";
import { describeError, type Log } from "../lib/log.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Usage } from "../protocol/message.ts";
import { isEphemeral, parseSessionKey } from "../protocol/session-key.ts";
import type { Store } from "../sdk/store.ts";
import {
  type Allowance,
  allowanceExceeded,
  type BudgetState,
  budgetExceeded,
  budgetStates,
  DaySums,
  type Spender,
  type Spent,
  UNITS,
} from "./budget.ts";
import { type Summary, type SummaryQuery, summarise } from "./summary.ts";

/** One reply of a model. */
export interface UsageEntry extends Spender {
  /** Names the token or login by which it came in. */
  readonly credential?: string | undefined;
  /** `agent`, or the path of a route. */
  readonly route: string;
  readonly runId?: string | undefined;
  readonly provider: string;
  /** The model's id at the provider. */
  readonly model: string;
  readonly usage: Usage;
  /** From the request to the end of the reply. */
  readonly ms: number;
}

/** What a reply took, to be read when there is time for it. */
export interface UnreadUsage {
  /** Undefined when it was not told. */
  read(): UsageEntry | undefined;
}

export interface LedgerOptions {
  /** The database on disk: what ephemeral sessions took is kept there as well, without their names. */
  readonly store: Store;
  readonly config: () => Config;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Asked at the first use. */
  readonly timeZone: () => string;
  /** What this identity may use up in all, whatever the day. */
  readonly allowance?: (identity: string) => Allowance | undefined;
}

const FLUSH_AFTER_MS = 100;
const FLUSH_AT = 256;
const READ_AT = 32;

/** Replies of the same kind since the last flush: one row, so that a burst costs the disk no more than a single one. */
interface Row {
  ts: number;
  readonly day: string;
  readonly entry: UsageEntry;
  readonly sessionKey: string | null;
  readonly runId: string | null;
  replies: number;
  input: number;
  output: number;
  cache_read: number;
  cache_write: number;
  cost_usd: number | null;
  ms: number;
}

export class Ledger implements Disposable {
  readonly #o: LedgerOptions;
  #days: ((ts: number) => LocalDay) | undefined;
  #today: { readonly day: LocalDay; readonly sums: DaySums } | undefined;
  #unsaved = new Map<string, Row>();
  /** The row of the last reply, which is nearly always that of the next one too. */
  #last: Row | undefined;
  #unread: UnreadUsage[] = [];
  #timer: Timer | undefined;
  /** Models without a price for which that was said. */
  readonly #unpriced = new Set<string>();

  constructor(options: LedgerOptions) {
    this.#o = options;
  }

  /** Counts at once, and is on disk at most a moment later. Never throws for what the disk does: the reply was given. */
  record(entry: UsageEntry): void {
    const { runId, provider, model, usage } = entry;
    const now = this.#o.now();
    const { day, sums } = this.#at(now);
    sums.add(entry, spentOf(usage));
    if (usage.cost_usd === null) this.#tellUnpriced(provider, model);
    this.#keep(now, day.date, entry);
    // A run writes at each step anyway, so its rows are there after a crash; those of routes may be many and wait.
    if (runId !== undefined || this.#unsaved.size >= FLUSH_AT) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER_MS);
  }

  /** As `record`, a few at a time: it counts for whoever asks what was used, and the reply need not wait. */
  recordLater(unread: UnreadUsage): void {
    if (this.#unread.push(unread) >= READ_AT) this.#readAll();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER_MS);
  }

  /** Throws `budget_exceeded` with the budget, its limit and when it begins anew. */
  check(spender: Spender): void {
    this.#checkAllowance(spender);
    const { limits } = this.#o.config();
    if (!hasBudget(limits.budget)) return;
    const exceeded = this.budgets(spender).find(({ used, limit }) => used >= limit);
    if (exceeded) throw budgetExceeded(exceeded, this.#o.now());
  }

  #checkAllowance({ identity }: Spender): void {
    const allowance = this.#o.allowance?.(identity);
    if (!allowance || (allowance.tokens === null && allowance.cost_usd === null)) return;
    this.#flush();
    // A replay of a day's sums would not do: it counts from the first reply on.
    const spent = this.#o.store.db
      .query<Spent, [string]>(
        `SELECT coalesce(sum(input + output + cache_read + cache_write), 0) AS tokens, total(cost_usd) AS cost_usd
         FROM usage WHERE identity = ?`,
      )
      .get(identity)!;
    for (const unit of UNITS) {
      const limit = allowance[unit];
      if (limit !== null && spent[unit] >= limit) throw allowanceExceeded(unit, limit, spent[unit]);
    }
  }

  /** The budgets that are set and concern the spender. */
  budgets(spender: Spender): readonly BudgetState[] {
    this.#readAll();
    const { day, sums } = this.#at(this.#o.now());
    return budgetStates(this.#o.config().limits.budget, sums, spender, day.end);
  }

  summary(query: SummaryQuery): Summary {
    this.#flush();
    return summarise(this.#o.store.db, query);
  }

  [Symbol.dispose](): void {
    this.#flush();
  }

  /** The sums of the day, read from disk at first and when another day has begun. */
  #at(now: number): { readonly day: LocalDay; readonly sums: DaySums } {
    if (this.#today && now >= this.#today.day.start && now < this.#today.day.end) return this.#today;
    this.#days ??= createLocalDays(this.#o.timeZone());
    this.#flush();
    this.#today = { day: this.#days(now), sums: new DaySums() };
    const { day, sums } = this.#today;
    const rows = this.#o.store.db
      .query<{ identity: string; session_key: string | null; tokens: number; cost_usd: number }, [number, number]>(
        `SELECT identity, session_key, sum(input + output + cache_read + cache_write) AS tokens, total(cost_usd) AS cost_usd
         FROM usage WHERE ts >= ? AND ts < ? GROUP BY identity, session_key`,
      )
      .all(day.start, day.end);
    for (const { identity, session_key, ...spent } of rows) {
      sums.add({ identity, sessionKey: session_key ?? undefined }, spent);
    }
    return this.#today;
  }

  #keep(ts: number, day: string, entry: UsageEntry): void {
    const { identity, credential, route, sessionKey, runId, provider, model, usage, ms } = entry;
    const { input, output, cache_read, cache_write, cost_usd } = usage;
    const priced = cost_usd === null ? "" : "priced";
    if (this.#last?.day === day && isSameKind(this.#last.entry, entry)) {
      addTo(this.#last, ts, entry);
      return;
    }
    const kind = `${day} ${identity} ${credential} ${route} ${sessionKey} ${runId} ${provider}/${model} ${priced}`;
    const row = this.#unsaved.get(kind);
    if (row === undefined) {
      const mayBeNamed = sessionKey === undefined || !isEphemeral(parseSessionKey(sessionKey));
      const names = mayBeNamed
        ? { sessionKey: sessionKey ?? null, runId: runId ?? null }
        : { sessionKey: null, runId: null };
      const tokens = { input, output, cache_read, cache_write, cost_usd };
      this.#last = { ts, day, entry, ...names, replies: 1, ...tokens, ms };
      this.#unsaved.set(kind, this.#last);
    } else {
      this.#last = row;
      addTo(row, ts, entry);
    }
  }

  #readAll(): void {
    if (this.#unread.length === 0) return;
    const unread = this.#unread;
    this.#unread = [];
    for (const one of unread) {
      const entry = one.read();
      if (entry !== undefined) this.record(entry);
    }
  }

  #flush(): void {
    this.#readAll();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#unsaved.size === 0) return;
    const rows = [...this.#unsaved.values()];
    this.#unsaved = new Map();
    this.#last = undefined;
    try {
      this.#o.store.writeRelaxed((db) => {
        const insert = db.query(
          `INSERT INTO usage (ts, day, identity, credential, route, session_key, run_id, provider, model,
             replies, input, output, cache_read, cache_write, cost_usd, ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        );
        for (const { ts, day, entry, sessionKey, runId, ...row } of rows) {
          const { identity, credential = null, route, provider, model } = entry;
          const { replies, input, output, cache_read, cache_write, cost_usd, ms } = row;
          const sums = [replies, input, output, cache_read, cache_write, cost_usd, Math.round(ms)];
          insert.run(ts, day, identity, credential, route, sessionKey, runId, provider, model, ...sums);
        }
      });
    } catch (thrown) {
      const { message } = AlephError.from(thrown);
      const replies = rows.reduce((sum, row) => sum + row.replies, 0);
      this.#o.log.error("usage could not be kept", { replies, error: message, ...describeError(thrown) });
    }
  }

  #tellUnpriced(provider: string, model: string): void {
    const { budget } = this.#o.config().limits;
    const name = `${provider}/${model}`;
    if (!Object.values(budget).some(({ cost_usd }) => cost_usd > 0) || this.#unpriced.has(name)) return;
    this.#unpriced.add(name);
    this.#o.log.warn("the price of a model is not known: budgets count its tokens only", { model: name });
  }
}

/** Whether two replies go into one row of the same day. */
function isSameKind(a: UsageEntry, b: UsageEntry): boolean {
  return (
    a.model === b.model &&
    a.provider === b.provider &&
    a.route === b.route &&
    a.identity === b.identity &&
    a.credential === b.credential &&
    a.sessionKey === b.sessionKey &&
    a.runId === b.runId &&
    (a.usage.cost_usd === null) === (b.usage.cost_usd === null)
  );
}

function addTo(row: Row, ts: number, { usage, ms }: UsageEntry): void {
  row.ts = ts;
  row.replies++;
  row.input += usage.input;
  row.output += usage.output;
  row.cache_read += usage.cache_read;
  row.cache_write += usage.cache_write;
  if (row.cost_usd !== null) row.cost_usd += usage.cost_usd ?? 0;
  row.ms += ms;
}

function spentOf({ input, output, cache_read, cache_write, cost_usd }: Usage): Spent {
  return { tokens: input + output + cache_read + cache_write, cost_usd: cost_usd ?? 0 };
}

function hasBudget(budget: Config["limits"]["budget"]): boolean {
  return Object.values(budget).some(({ tokens, cost_usd }) => tokens > 0 || cost_usd > 0);
}
