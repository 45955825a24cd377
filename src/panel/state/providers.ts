/** The providers of models: where their keys come from, how they are, and what is asked of them to find out. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Params, Result } from "../../client/client.ts";
import { createLoaded } from "./loaded.ts";
import type { Part, PartNeeds } from "./panel.ts";
import type { Phase } from "./phase.ts";

export type ModelsConfig = Result<"models.config">;
export type ShownProvider = ModelsConfig["providers"][number];
export type Trial = Result<"models.try">;
export type WantedProvider = Params<"models.save">;
export type Saved = Result<"models.save">;

export interface Providers extends Part {
  readonly config: ReadonlySignal<ModelsConfig | undefined>;
  /** When `config` was told: pauses run from then on. */
  readonly takenAt: ReadonlySignal<number | undefined>;
  readonly phase: ReadonlySignal<Phase>;
  /** What each provider listed, and when; asked for apart, because the providers are. */
  readonly listing: ReadonlySignal<{ readonly list: Result<"models.list">; readonly at: number } | undefined>;
  readonly listingPhase: ReadonlySignal<Phase>;
  /** The newest trial of each provider. */
  readonly trials: ReadonlySignal<Readonly<Record<string, { readonly trial: Trial; readonly at: number }>>>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  loadListing(): Promise<void>;
  /** Rejects with the server's reason, as all below. */
  test(id: string): Promise<void>;
  try(wanted: Params<"models.try">): Promise<Trial>;
  /** What did not answer is not saved: the trial says why. */
  save(wanted: WantedProvider): Promise<Saved>;
  remove(id: string): Promise<void>;
  /** Null leaves the choice to the server. */
  setDefault(model: string | null): Promise<void>;
  setFallbacks(models: readonly string[]): Promise<void>;
}

const CONCERNED = ["models", "providers"];

export function createProviders({ call, now }: PartNeeds): Providers {
  const trials = signal<Readonly<Record<string, { readonly trial: Trial; readonly at: number }>>>({});
  const told = createLoaded(async () => ({ config: await call("models.config", {}), at: now() }));
  const listing = createLoaded(async () => ({ list: await call("models.list", {}), at: now() }));
  const patch = async (models: Record<string, unknown>) => {
    await call("config.patch", { patch: { models } });
    await told.load();
  };
  const renew = async () => void (await Promise.all([told.renew(), listing.renew()]));
  return {
    config: computed(() => told.value.value?.config),
    takenAt: computed(() => told.value.value?.at),
    phase: told.phase,
    listing: listing.value,
    listingPhase: listing.phase,
    trials,
    load: told.load,
    loadListing: listing.load,
    renew,
    async test(id) {
      const trial = await call("models.test", { target: id });
      trials.value = { ...trials.peek(), [id]: { trial, at: now() } };
      await told.load();
    },
    try: (wanted) => call("models.try", wanted),
    async save(wanted) {
      const saved = await call("models.save", wanted);
      if (saved.saved) {
        const { [wanted.id]: _before, ...others } = trials.peek();
        trials.value = saved.trial ? { ...others, [wanted.id]: { trial: saved.trial, at: now() } } : others;
        await Promise.all([told.load(), listing.renew()]);
      }
      return saved;
    },
    async remove(id) {
      await call("models.remove", { id });
      await Promise.all([told.load(), listing.renew()]);
    },
    setDefault: (model) => patch({ default: model }),
    setFallbacks: (models) => patch({ fallbacks: [...models] }),
    handle({ topic, data }) {
      if (topic === "provider.failed" || topic === "provider.recovered") void told.renew();
      if (topic !== "config.changed" || !("sections" in data)) return;
      if (data.sections.some((section) => CONCERNED.includes(section))) void renew();
    },
  };
}
