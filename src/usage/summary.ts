/** Sums of what models took, by day, month, model, provider, session, identity, run, key or route. */
import type { Database } from "bun:sqlite";

export const SUMMARY_KEYS = [
  "day",
  "month",
  "model",
  "provider",
  "session",
  "identity",
  "run",
  "key",
  "route",
] as const;
export type SummaryKey = (typeof SUMMARY_KEYS)[number];

export interface SummaryQuery {
  readonly by: SummaryKey;
  /** Unix milliseconds; from then on. */
  readonly since?: number | undefined;
  /** Unix milliseconds; before then. */
  readonly until?: number | undefined;
  readonly sessionKey?: string | undefined;
  readonly identity?: string | undefined;
  /** Rows at most; those with the newest replies. */
  readonly limit: number;
}

export interface Sums {
  replies: number;
  input: number;
  output: number;
  cache_read: number;
  cache_write: number;
  /** Of the replies whose price is known; null when it is known of none. */
  cost_usd: number | null;
  /** Replies whose price is not known. */
  unpriced: number;
  ms: number;
}

export interface Summary {
  /** Newest first. `key` is null for what has no name: replies outside of sessions and runs, or of ephemeral ones. */
  readonly rows: readonly ({ key: string | null; last_at: number } & Sums)[];
  readonly total: Sums;
}

const COLUMNS: Readonly<Record<SummaryKey, string>> = {
  day: "day",
  month: "substr(day, 1, 7)",
  model: "provider || '/' || model",
  provider: "provider",
  session: "session_key",
  identity: "identity",
  run: "run_id",
  key: "credential",
  route: "route",
};

const SUMS = `coalesce(sum(replies), 0) AS replies, coalesce(sum(input), 0) AS input, coalesce(sum(output), 0) AS output,
  coalesce(sum(cache_read), 0) AS cache_read, coalesce(sum(cache_write), 0) AS cache_write, sum(cost_usd) AS cost_usd,
  coalesce(sum(replies) FILTER (WHERE cost_usd IS NULL), 0) AS unpriced, coalesce(sum(ms), 0) AS ms`;

const WHERE = `FROM usage WHERE ts >= ?1 AND ts < ?2 AND (?3 IS NULL OR session_key = ?3) AND (?4 IS NULL OR identity = ?4)`;

export function summarise(db: Database, { by, since, until, sessionKey, identity, limit }: SummaryQuery): Summary {
  const from = since ?? 0;
  const to = until ?? Number.MAX_SAFE_INTEGER;
  type Filter = [number, number, string | null, string | null];
  const filter: Filter = [from, to, sessionKey ?? null, identity ?? null];
  const rows = db
    .query<Summary["rows"][number], [...Filter, number]>(
      `SELECT ${COLUMNS[by]} AS key, max(ts) AS last_at, ${SUMS} ${WHERE} GROUP BY 1 ORDER BY last_at DESC, key LIMIT ?5`,
    )
    .all(...filter, limit);
  return { rows, total: db.query<Sums, Filter>(`SELECT ${SUMS} ${WHERE}`).get(...filter)! };
}
