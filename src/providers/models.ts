/** The models that can be asked: providers opened when they are needed, and names made into provider and model. */
import type { Log } from "../lib/log.ts";
import { nearest } from "../lib/nearest.ts";
import { AlephError } from "../protocol/errors.ts";
import type { ModelInfo, ModelPrice, OpenProvider } from "../sdk/provider.ts";
import type { Breaker } from "./models/breaker.ts";
import { factsOf } from "./models/facts.ts";
import type { OnAttempt } from "./models/key-ring.ts";
import { Listings } from "./models/listings.ts";
import { listed, type ModelList, type ModelsDescription } from "./models/model-list.ts";
import { hasKey, keysFrom, lacksKey, loadType, openProvider } from "./models/open-provider.ts";
import { type HealthChange, ProviderPool } from "./models/pool.ts";
import { SourceList, type SourceListOptions } from "./models/source-list.ts";
import { DEMO, DETECTED_OLLAMA, LOCAL_OLLAMA, type ProviderSource } from "./models/sources.ts";
import { describe, type Trial, tryProvider } from "./models/trial.ts";
import { configuredModels, type ModelEntry } from "./wire/configured.ts";

export interface ModelsOptions extends SourceListOptions {
  /** The secret that `env:NAME`, `file:PATH` or `keychain:NAME` stands for; any other string as it is. */
  readonly resolveSecret: (value: string) => Promise<string>;
  readonly log: Log;
  readonly fetch: typeof fetch;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
  /** Unix milliseconds: prices change with the date. */
  readonly date?: () => number;
  /** Hears of every request to a vendor, when it has ended. */
  readonly onAttempt?: OnAttempt;
  /** Hears when a provider or one of its keys is left alone for a while, and when it is well again. */
  readonly onHealth?: (change: HealthChange) => void;
}

export interface ResolvedModel {
  readonly provider: string;
  readonly model: string;
  /** `provider/model` */
  readonly ref: string;
}

const DETECT_MS = 300;
const DETECTED_FOR_MS = 60_000;
const LISTING_MS = 15_000;
/** A name that is not known may be that of a model which was added a moment ago. */
const RECENT_MS = 10_000;
const MAX_ALIASES = 8;

export class Models {
  readonly #options: ModelsOptions;
  readonly #now: () => number;
  readonly #pool: ProviderPool;
  readonly #listings: Listings;
  /** By the table, which is never changed but replaced. */
  readonly #ofTables = new WeakMap<object, readonly ModelInfo[]>();
  readonly #sourceList: SourceList;
  #detected: { readonly at: number; readonly found: Promise<boolean> } | undefined;

  constructor(options: ModelsOptions) {
    this.#options = options;
    this.#sourceList = new SourceList(options);
    this.#now = options.now ?? (() => performance.now());
    this.#listings = new Listings(this.#now);
    const { onAttempt = () => undefined, onHealth = () => undefined } = options;
    this.#pool = new ProviderPool({ ...options, now: this.#now, onAttempt, onHealth });
  }

  /** What to try, in order, for someone who wants `wanted`: that or the default, then the config's fallbacks. */
  order(wanted?: string): string[] {
    return [wanted ?? "default", ...this.#options.config().models.fallbacks];
  }

  /**
   * Takes `provider/model`, a provider's id, a bare model id, an alias, or `default`. Throws `not_found`, or
   * `config_invalid` for aliases in a circle. May ask providers for their lists, but not for `provider/model`.
   */
  async resolve(name: string, signal?: AbortSignal): Promise<ResolvedModel> {
    const ref = this.#withoutAlias(name);
    if (ref === "default") return this.#resolveDefault(signal);
    const slash = ref.indexOf("/");
    const prefix = slash < 0 ? ref : ref.slice(0, slash);
    const source = await this.#find(prefix, signal);
    if (source !== undefined && slash > 0 && slash + 1 < ref.length) return resolved(source.id, ref.slice(slash + 1));
    if (source !== undefined && slash < 0) {
      const model = await this.#defaultOf(source, signal);
      if (model !== undefined) return resolved(source.id, model);
    }
    return this.#resolveBare(ref, signal);
  }

  /**
   * Opened once, and again when its table in the config changed. `onAttempt` hears of the requests made through what is
   * returned. Throws `not_found`, `config_invalid`, `provider_error`.
   */
  async open(id: string, onAttempt?: OnAttempt): Promise<OpenProvider> {
    return this.#pool.open(await this.#need(id), () => this.#listings.forget(id), onAttempt);
  }

  /** What `resolve` and `open` would give, at once, for a name with a provider in it that is open already. */
  ready(name: string): { readonly from: ResolvedModel; readonly provider: OpenProvider } | undefined {
    const ref = this.#withoutAlias(name);
    const slash = ref.indexOf("/");
    if (slash <= 0 || slash + 1 === ref.length) return undefined;
    const id = ref.slice(0, slash);
    const source = this.#sourceList.ready(id);
    const provider = source === undefined ? undefined : this.#pool.opened(source);
    return provider === undefined ? undefined : { from: resolved(id, ref.slice(slash + 1)), provider };
  }

  /** The next call opens it anew and so reads its secrets again: a key may have been replaced. */
  forget(id: string): void {
    this.#pool.forget(id);
    this.#listings.forget(id);
  }

  breaker(id: string): Breaker {
    return this.#pool.breaker(id);
  }

  /** What the config, the last list and, once the provider is open, its kind say of a model, without a request. */
  known(provider: string, model: string): ModelInfo {
    const configured = this.#configured(provider).find(({ id }) => id === model);
    return this.#withFacts(provider, { id: model, ...this.#listings.known(provider, model), ...configured });
  }

  /** As in `known`. */
  price(provider: string, model: string): ModelPrice | undefined {
    const configured = this.#configured(provider).find(({ id }) => id === model)?.price;
    return configured ?? this.#listings.known(provider, model)?.price ?? this.#withFacts(provider, { id: model }).price;
  }

  #withFacts(provider: string, info: ModelInfo): ModelInfo {
    const at = this.#options.date?.() ?? Date.now();
    return { ...factsOf(this.#pool.facts(provider), info.id, at), ...info };
  }

  async info(name: string, signal?: AbortSignal): Promise<ModelInfo & { readonly provider: string }> {
    const { provider, model } = await this.resolve(name, signal);
    await this.#pool.loadFacts(await this.#need(provider, signal));
    return { ...this.known(provider, model), provider };
  }

  /** All models of all providers; a provider that cannot tell shows those of its table. */
  async list(signal?: AbortSignal): Promise<ModelList> {
    const sources = await this.#sources(signal);
    const listings = await Promise.all(sources.map((source) => this.#list(source.id, signal)));
    const list: ModelList = { models: [], errors: [] };
    for (const [index, { id }] of sources.entries()) {
      const listing = listings[index]!;
      const infos = "models" in listing ? listing.models : this.#configured(id);
      list.models.push(...infos.map((info) => listed(id, this.#withFacts(id, info))));
      if ("error" in listing) list.errors.push({ provider: id, error: describe(AlephError.from(listing.error)) });
    }
    return list;
  }

  async describe(signal?: AbortSignal): Promise<ModelsDescription> {
    const { aliases, fallbacks } = this.#options.config().models;
    const [sources, byDefault] = await Promise.all([
      this.#sources(signal),
      this.#resolveDefault(signal).catch((thrown: unknown) => {
        const error = AlephError.from(thrown);
        if (error.reason === "cancelled" || error.reason === "internal") throw error;
        return undefined;
      }),
    ]);
    return {
      default: byDefault?.ref ?? null,
      aliases: { ...aliases },
      fallbacks: [...fallbacks],
      types: Object.keys(this.#options.types),
      providers: sources.map(({ id, type, from, table }) => ({
        id,
        type: type ?? "unknown",
        base_url: typeof table.base_url === "string" ? table.base_url : null,
        from,
        has_key: hasKey(table),
        keys_from: keysFrom(table, this.#options.config().providers[id]),
        models: configuredModels(table.models as readonly ModelEntry[] | undefined).map((model) => model.id),
        ...this.#pool.health(id),
      })),
    };
  }

  /** A real request to a provider (its list, and a short reply of its default model) or to one model. */
  async test(name: string, signal: AbortSignal): Promise<Trial> {
    const source = await this.#find(name, signal);
    if (source === undefined) {
      const { provider, model } = await this.resolve(name, signal);
      return this.#try(provider, () => model, signal);
    }
    const type = await loadType(source, this.#options.types);
    return this.#try(source.id, (listed) => this.#preferred(source, type.defaultModel, listed), signal);
  }

  /** As `test`, for a table that is not in the config yet. */
  async testTable(id: string, table: Record<string, unknown>, signal: AbortSignal, model?: string): Promise<Trial> {
    const { type, ...rest } = table;
    await this.#options.plugged?.();
    const kind = typeof type === "string" ? type : id;
    const source: ProviderSource = { id, type: kind, from: "config", table: rest };
    try {
      const { defaultModel } = await loadType(source, this.#options.types);
      const provider = await openProvider(source, this.#options);
      const choose = (listed: readonly string[]) => model ?? this.#preferred(source, defaultModel, listed);
      return await tryProvider(provider, choose, signal, this.#now);
    } catch (thrown) {
      return failedTrial(id, thrown);
    }
  }

  async #try(
    id: string,
    choose: (listed: readonly string[]) => string | undefined,
    signal: AbortSignal,
  ): Promise<Trial> {
    // A test shows what the secrets are now, and whether keys that rest are well again.
    this.#pool.forgetKeys(id);
    this.#listings.forget(id);
    try {
      const trial = await tryProvider(await this.open(id), choose, signal, this.#now);
      if (trial.ok) this.breaker(id).succeeded();
      return trial;
    } catch (thrown) {
      return failedTrial(id, thrown);
    }
  }

  #withoutAlias(name: string): string {
    const { aliases } = this.#options.config().models;
    let ref = name;
    for (let depth = 0; Object.hasOwn(aliases, ref); depth++) {
      if (depth === MAX_ALIASES) {
        throw new AlephError("config_invalid", `Model alias ${JSON.stringify(name)} leads to no model`);
      }
      ref = aliases[ref]!;
    }
    return ref;
  }

  async #resolveDefault(signal?: AbortSignal): Promise<ResolvedModel> {
    const wanted = this.#withoutAlias(this.#options.config().models.default ?? "default");
    if (wanted !== "default") return this.resolve(wanted, signal);
    const list = this.#sourceList;
    const detected = () => this.#detectedSources(signal);
    for (const find of [() => list.configured(), () => list.plugged(), detected, () => [DEMO]]) {
      for (const source of await find()) {
        const model = await this.#defaultOf(source, signal);
        if (model !== undefined) return resolved(source.id, model);
      }
    }
    throw new AlephError("no_provider", "No provider has a model to answer with", {
      data: { hint: "Add one with: aleph wizard" },
    });
  }

  /** Nothing for a provider that cannot be asked: it lacks its key, lists nothing, or its table is wrong. */
  async #defaultOf(source: ProviderSource, signal?: AbortSignal): Promise<string | undefined> {
    try {
      const type = await loadType(source, this.#options.types);
      if (lacksKey(type, source)) return undefined;
      const known = this.#preferred(source, type.defaultModel, []);
      if (known !== undefined) return known;
    } catch (thrown) {
      const { message } = AlephError.from(thrown);
      this.#options.log.warn("a provider cannot be used", { provider: source.id, error: message });
      return undefined;
    }
    const listing = await this.#list(source.id, signal);
    return "models" in listing ? listing.models[0]?.id : undefined;
  }

  /** The first of the config's list, the kind's own default at the vendor's own address, or the first that is listed. */
  #preferred(source: ProviderSource, own: string | undefined, listed: readonly string[]): string | undefined {
    const [first] = configuredModels(source.table.models as readonly ModelEntry[] | undefined);
    if (first !== undefined) return first.id;
    if (own !== undefined && (source.table.base_url === undefined || listed.includes(own))) return own;
    return listed[0];
  }

  async #resolveBare(id: string, signal?: AbortSignal): Promise<ResolvedModel> {
    const sources = await this.#sources(signal);
    const configured = sources.find((source) => this.#configured(source.id).some((info) => info.id === id));
    if (configured !== undefined) return resolved(configured.id, id);
    const seen: string[] = [];
    for (const maxAge of [undefined, RECENT_MS]) {
      const listings = await Promise.all(sources.map((source) => this.#list(source.id, signal, maxAge)));
      for (const [index, listing] of listings.entries()) {
        const infos = "models" in listing ? listing.models : [];
        // Ollama's `llama3` is `llama3:latest`.
        const found = infos.find((info) => info.id === id) ?? infos.find((info) => info.id === `${id}:latest`);
        if (found !== undefined) return resolved(sources[index]!.id, found.id);
        seen.push(...infos.map((info) => info.id));
      }
    }
    const near = nearest(id, [...seen, ...Object.keys(this.#options.config().models.aliases)]);
    throw new AlephError("not_found", `Model ${JSON.stringify(id)} is not known`, {
      data: { hint: near === undefined ? "See: aleph models" : `Did you mean ${JSON.stringify(near)}?` },
    });
  }

  async #list(id: string, signal?: AbortSignal, maxAge?: number) {
    const ask = async () => (await this.open(id)).models(AbortSignal.timeout(LISTING_MS));
    return untilAborted(this.#listings.get(id, ask, maxAge), signal);
  }

  #configured(id: string): readonly ModelInfo[] {
    const table = this.#options.config().providers[id];
    if (table === undefined) return [];
    const known = this.#ofTables.get(table) ?? configuredModels(table.models);
    this.#ofTables.set(table, known);
    return known;
  }

  async #find(id: string, signal?: AbortSignal): Promise<ProviderSource | undefined> {
    const source = await this.#sourceList.find(id);
    if (source !== undefined) return source;
    return id === DETECTED_OLLAMA.id ? (await this.#detectedSources(signal))[0] : undefined;
  }

  async #need(id: string, signal?: AbortSignal): Promise<ProviderSource> {
    const source = await this.#find(id, signal);
    if (source === undefined) throw new AlephError("not_found", `Provider ${JSON.stringify(id)} is not configured`);
    return source;
  }

  /** Those to choose from; the demo only where there is nothing else. */
  async #sources(signal?: AbortSignal): Promise<ProviderSource[]> {
    const plugged = await this.#sourceList.plugged();
    const configured = await this.#sourceList.configured();
    const sources = [...configured, ...plugged, ...(await this.#detectedSources(signal))];
    return sources.length === 0 ? [DEMO] : sources;
  }

  /** Ollama on this machine, when neither config nor environment say anything of Ollama. */
  async #detectedSources(signal?: AbortSignal): Promise<ProviderSource[]> {
    if ((await this.#sourceList.configured()).some(({ id, type }) => id === "ollama" || type === "ollama")) return [];
    const at = this.#now();
    if (this.#detected === undefined || at - this.#detected.at >= DETECTED_FOR_MS) {
      const found = this.#options
        .fetch(`${LOCAL_OLLAMA}/api/version`, { signal: AbortSignal.timeout(DETECT_MS), redirect: "manual" })
        .then(
          (response) => response.ok,
          // Nobody listens there, which is the usual case.
          () => false,
        );
      this.#detected = { at, found };
    }
    return (await untilAborted(this.#detected.found, signal)) ? [DETECTED_OLLAMA] : [];
  }
}

function resolved(provider: string, model: string): ResolvedModel {
  return { provider, model, ref: `${provider}/${model}` };
}

function failedTrial(provider: string, thrown: unknown): Trial {
  const error = AlephError.from(thrown);
  if (error.reason === "cancelled" || error.reason === "internal") throw error;
  return { ok: false, latency_ms: 0, provider, model: null, error: describe(error) };
}

/** Work that others wait for too goes on when one of them leaves. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const left = Promise.withResolvers<never>();
  const leave = () => left.reject(new AlephError("cancelled", "The request was cancelled"));
  if (signal.aborted) leave();
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([work, left.promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
