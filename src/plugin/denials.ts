/** What plugins tried and may not: counted on disk, told as events, both at a rate that a flood cannot raise. */
import type { Log } from "../lib/log.ts";
import { createTokenBucket, type TokenBucket } from "../lib/token-bucket.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { ProcessHost } from "../sdk/runtime.ts";
import type { Store } from "../sdk/store.ts";

export type DenialKind = Parameters<ProcessHost["denied"]>[0];

export interface Denial {
  readonly kind: DenialKind;
  readonly target: string;
  readonly count: number;
  /** Unix milliseconds. */
  readonly firstAt: number;
  readonly lastAt: number;
}

interface Row {
  readonly kind: DenialKind;
  readonly target: string;
  readonly count: number;
  readonly first_at: number;
  readonly last_at: number;
}

/** Targets of one plugin that are kept. */
const KEPT = 100;
const MAX_TARGET = 300;
/** A second and plugin; what comes above it is counted in memory and written with the next. */
const RATE = 2;
const BURST = 20;

interface Flow {
  readonly bucket: TokenBucket;
  readonly waiting: Map<string, { readonly kind: DenialKind; readonly target: string; count: number }>;
}

export interface DenialsOptions {
  readonly store: Store;
  readonly bus: Publisher;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
}

export class Denials implements Disposable {
  readonly #o: DenialsOptions;
  readonly #flows = new Map<string, Flow>();

  constructor(options: DenialsOptions) {
    this.#o = options;
  }

  /** Never throws. */
  add(pluginId: string, kind: DenialKind, wanted: string): void {
    const flow = this.#flows.get(pluginId) ?? { bucket: createTokenBucket(RATE, undefined, BURST), waiting: new Map() };
    this.#flows.set(pluginId, flow);
    const target = wanted.slice(0, MAX_TARGET);
    const key = `${kind}\0${target}`;
    const entry = flow.waiting.get(key) ?? { kind, target, count: 0 };
    entry.count++;
    if (flow.waiting.size < KEPT) flow.waiting.set(key, entry);
    if (flow.bucket.take() > 0) return;
    this.#o.log.warn("plugin tried what it may not", { plugin: pluginId, kind, target });
    this.#o.bus.publish("plugin.denied", { plugin_id: pluginId, kind, target });
    this.#write(pluginId, flow);
  }

  /** Newest first. */
  list(pluginId: string): readonly Denial[] {
    const flow = this.#flows.get(pluginId);
    if (flow) this.#write(pluginId, flow);
    return this.#o.store.db
      .query<Row, [string]>("SELECT * FROM plugin_denial WHERE plugin_id = ? ORDER BY last_at DESC, kind, target")
      .all(pluginId)
      .map(({ kind, target, count, first_at, last_at }) => ({
        kind,
        target,
        count,
        firstAt: first_at,
        lastAt: last_at,
      }));
  }

  #write(pluginId: string, { waiting }: Flow): void {
    if (waiting.size === 0) return;
    const entries = [...waiting.values()];
    waiting.clear();
    const at = this.#o.now();
    try {
      this.#o.store.writeRelaxed((db) => {
        for (const { kind, target, count } of entries) {
          db.query(
            `INSERT INTO plugin_denial VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET count = count + excluded.count, last_at = excluded.last_at`,
          ).run(pluginId, kind, target, count, at, at);
        }
        db.query(
          `DELETE FROM plugin_denial WHERE plugin_id = ? AND (kind, target) NOT IN
           (SELECT kind, target FROM plugin_denial WHERE plugin_id = ? ORDER BY last_at DESC LIMIT ${KEPT})`,
        ).run(pluginId, pluginId);
      });
    } catch (thrown) {
      // A disk that is full must not stop what was going on; the event was sent.
      this.#o.log.error("attempts of a plugin could not be kept", { plugin: pluginId, error: String(thrown) });
    }
  }

  [Symbol.dispose](): void {
    for (const [pluginId, flow] of this.#flows) this.#write(pluginId, flow);
    this.#flows.clear();
  }
}
