/** The check of the models: whether each provider answers, and who answers by default. */
import type { Finding } from "../protocol/finding.ts";
import { hintFor } from "../protocol/provider-hint.ts";
import { findings } from "./findings.ts";

/** What `models.config` and `models.list` tell. */
export interface ProvidersAsked {
  readonly default: string | null;
  readonly providers: readonly { readonly id: string }[];
  readonly models: readonly { readonly provider: string }[];
  readonly errors: readonly {
    readonly provider: string;
    readonly error: { readonly message: string; readonly failure?: unknown; readonly hint?: unknown };
  }[];
}

export function checkModels(asked: ProvidersAsked): readonly Finding[] {
  const { ok, warn, fail } = findings("models");
  const found: Finding[] = asked.providers.map(({ id }) => {
    const failed = asked.errors.find(({ provider }) => provider === id);
    if (failed) {
      const { message, failure, hint } = failed.error;
      return warn(
        message,
        typeof hint === "string" ? hint : hintFor(typeof failure === "string" ? failure : undefined),
      );
    }
    const count = asked.models.filter(({ provider }) => provider === id).length;
    return ok(`${id} answers with ${count} ${count === 1 ? "model" : "models"}`);
  });
  const byDefault = asked.default;
  if (byDefault === null) return [...found, fail("no model answers by default", "Set one up with: aleph wizard")];
  if (byDefault.startsWith("demo/")) {
    return [...found, warn("only the scripted demo answers", "Set up a model with: aleph wizard")];
  }
  return [...found, ok(`${byDefault} answers by default`)];
}
