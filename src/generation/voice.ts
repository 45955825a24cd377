/** Speech to text and text to speech, by the models that the config names for it. */
import type { Config } from "../config/schema.ts";
import type { Media } from "../media/media.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Identity } from "../protocol/identity.ts";
import type { MediaPart } from "../protocol/message.ts";
import type { Models } from "../providers/models.ts";
import type { ModelMedia, OpenProvider } from "../sdk/provider.ts";
import type { Ledger } from "../usage/ledger.ts";

export interface VoiceOptions {
  readonly models: Pick<Models, "resolve" | "open">;
  readonly media: Pick<Media, "put">;
  readonly usage: Pick<Ledger, "check" | "record">;
  readonly config: () => Pick<Config, "models">;
  readonly monotonic: () => number;
}

/** For whom, and in which session. */
export interface Speaker {
  readonly identity: Identity;
  readonly sessionKey: string;
}

export interface Heard {
  readonly audio: ModelMedia;
  readonly language?: string | undefined;
}

export interface Said {
  readonly text: string;
  readonly voice?: string | undefined;
}

type Ability = "transcribe" | "speak";
const SETTINGS = { transcribe: "transcription", speak: "speech" } as const;
const DOES = { transcribe: "transcribe speech", speak: "speak" } as const;
const DEFAULT_VOICE = "alloy";

export class Voice {
  readonly #o: VoiceOptions;

  constructor(options: VoiceOptions) {
    this.#o = options;
  }

  /** Throws `no_provider` when no model is set or its provider cannot, `budget_exceeded`, and what the provider throws. */
  async transcribe({ audio, language }: Heard, speaker: Speaker, signal: AbortSignal): Promise<{ text: string }> {
    return await this.#ask("transcribe", speaker, signal, (open, model) =>
      open.transcribe({ model, audio, ...(language === undefined ? {} : { language }) }, signal),
    );
  }

  /** Resolves when the sound is stored. Throws as `transcribe`. */
  async speak({ text, voice = DEFAULT_VOICE }: Said, speaker: Speaker, signal: AbortSignal): Promise<MediaPart> {
    const { mime, data } = await this.#ask("speak", speaker, signal, (open, model) =>
      open.speak({ model, text, voice }, signal),
    );
    return await this.#o.media.put(data, { mime, name: "speech.mp3", sessionKey: speaker.sessionKey });
  }

  async #ask<A extends Ability, T>(
    ability: A,
    { identity, sessionKey }: Speaker,
    signal: AbortSignal,
    work: (open: OpenProvider & Required<Pick<OpenProvider, A>>, model: string) => Promise<T>,
  ): Promise<T> {
    const { models, usage, config, monotonic } = this.#o;
    usage.check({ identity: identity.id, sessionKey });
    const setting = SETTINGS[ability];
    const name = config().models[setting];
    const hint = `Set models.${setting} in config.toml to a model that does`;
    if (name === undefined)
      throw new AlephError("no_provider", `No model is set to ${DOES[ability]}`, { data: { hint } });
    const { provider, model } = await models.resolve(name, signal);
    const open = await models.open(provider);
    if (!can(open, ability)) {
      throw new AlephError("no_provider", `Provider ${JSON.stringify(provider)} cannot ${DOES[ability]}`, {
        data: { provider, hint },
      });
    }
    const began = monotonic();
    const result = await work(open, model);
    // What it costs no provider tells: it counts as one reply without a price.
    const free = { input: 0, output: 0, cache_read: 0, cache_write: 0, cost_usd: null };
    const who = { identity: identity.id, credential: undefined, sessionKey };
    usage.record({ ...who, route: `voice.${ability}`, provider, model, usage: free, ms: monotonic() - began });
    return result;
  }
}

function can<A extends Ability>(
  open: OpenProvider,
  ability: A,
): open is OpenProvider & Required<Pick<OpenProvider, A>> {
  return open[ability] !== undefined;
}
