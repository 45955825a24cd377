/** What came of asking a provider: that it answered and how fast, or what it said and what to do about it. */
import type { Translate } from "../i18n/translate.ts";
import type { Trial } from "../state/providers.ts";
import { useFormats, useT } from "./context.ts";
import { exactText } from "./tool-words.ts";

const FAILURES = [
  "auth",
  "quota",
  "rate_limit",
  "overloaded",
  "network",
  "timeout",
  "bad_request",
  "malformed",
] as const;

/** What to do about it; undefined where that is not known. */
export function helpFor({ error }: Trial, t: Translate): string | undefined {
  const failure = FAILURES.find((name) => name === error?.failure);
  return failure && t(`failure.${failure}`);
}

export function TrialText({ trial, at }: { trial: Trial; at?: number }) {
  const t = useT();
  const { duration, time } = useFormats();
  const { ok, latency_ms, provider, model, error } = trial;
  const when = at === undefined ? "" : ` ${t("providers.taken", { time: time(at) })}.`;
  if (ok) {
    return (
      <p class="trial ok" role="status">
        {t("providers.answered", { model: exactText(model ?? provider), time: duration(latency_ms) })}
        <span class="meta">{when}</span>
      </p>
    );
  }
  return (
    <p class="trial failed" role="alert">
      {exactText(error?.message ?? t("providers.no_model"))}. {helpFor(trial, t)}
      <span class="meta">{when}</span>
    </p>
  );
}
