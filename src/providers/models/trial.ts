/** Tries a provider for real: its list of models and a reply of a few tokens. */
import { AlephError } from "../../protocol/errors.ts";
import type { ModelRequest, OpenProvider, ProviderFailure } from "../../sdk/provider.ts";
import { providerFailureOf } from "../../sdk/provider-error.ts";

export interface TrialError {
  reason: string;
  message: string;
  failure?: ProviderFailure;
  /** The next step, where what failed knows a better one than its kind. */
  hint?: string;
}

export interface Trial {
  ok: boolean;
  /** Of the reply, or of the list when no model was asked. */
  latency_ms: number;
  provider: string;
  /** The model that answered or was to answer. */
  model: string | null;
  /** Ids that the provider lists; absent when it does not tell. */
  models?: string[];
  error?: TrialError;
}

/** Some models need a few tokens before the first that can be seen. */
const TRIAL_TOKENS = 32;

/** Throws `cancelled` only; every other failure is the result. `choose` picks the model from the listed ids. */
export async function tryProvider(
  provider: OpenProvider,
  choose: (listed: readonly string[]) => string | undefined,
  signal: AbortSignal,
  now: () => number,
): Promise<Trial> {
  let started = now();
  let models: string[] | undefined;
  let model: string | undefined;
  let listingError: unknown;
  try {
    try {
      models = (await provider.models(signal)).map(({ id }) => id);
    } catch (thrown) {
      // Not every server lists its models; a wrong key or no connection shows in the reply too.
      if (signal.aborted) throw thrown;
      listingError = thrown;
    }
    model = choose(models ?? []);
    if (model === undefined) {
      if (listingError !== undefined) throw listingError;
    } else {
      started = now();
      const request = {
        model,
        system: [],
        messages: [{ role: "user" as const, content: [{ type: "text" as const, text: "Reply with the word: ok" }] }],
        tools: [],
        thinking: "off" as const,
        maxOutputTokens: TRIAL_TOKENS,
      };
      await speak(provider, request, signal);
    }
    return { ok: true, ...facts() };
  } catch (thrown) {
    const error = AlephError.from(thrown);
    if (error.reason === "cancelled" || error.reason === "internal") throw error;
    return { ok: false, ...facts(), error: describe(error) };
  }

  function facts() {
    return {
      latency_ms: Math.round(now() - started),
      provider: provider.id,
      model: model ?? null,
      ...(models === undefined ? {} : { models }),
    };
  }
}

async function speak(provider: OpenProvider, request: ModelRequest, signal: AbortSignal): Promise<void> {
  try {
    for await (const _part of provider.stream(request, signal));
  } catch (thrown) {
    if (AlephError.from(thrown).data.field !== "max_tokens") throw thrown;
    const { maxOutputTokens: _few, ...unlimited } = request;
    for await (const _part of provider.stream(unlimited, signal));
  }
}

export function describe(error: AlephError): TrialError {
  const failure = providerFailureOf(error);
  const { hint } = error.data;
  return {
    reason: error.reason,
    message: error.message,
    ...(failure === undefined ? {} : { failure }),
    ...(typeof hint === "string" ? { hint } : {}),
  };
}
