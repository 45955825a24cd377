/** One provider: how it is, where its key comes from, its models, and what to do with it. */
import { useEffect } from "preact/hooks";
import { createProviders, type ShownProvider } from "../state/providers.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { useFormats, usePanel, useT } from "./context.ts";
import { Entry, Fact } from "./entry.tsx";
import { ProviderForm } from "./provider-form.tsx";
import { exactText } from "./tool-words.ts";
import { TrialText } from "./trial-text.tsx";
import { Trouble } from "./trouble.tsx";
import { Unfold } from "./unfold.tsx";
import { useAct } from "./use-act.ts";

export function ProviderRow({ provider }: { provider: ShownProvider }) {
  const t = useT();
  const { duration } = useFormats();
  const { id, type, from, retry_in_ms, base_url } = provider;
  const { trials } = usePanel().part(createProviders);
  const tried = trials.value[id];
  const isResting = retry_in_ms > 0;
  const state = isResting
    ? t("providers.resting", { time: duration(retry_in_ms) })
    : tried
      ? t(tried.trial.ok ? "providers.answers" : "providers.fails")
      : t(`providers.from_${from === "built-in" ? "built_in" : from}` as "providers.from_config");
  const tone = isResting || tried?.trial.ok === false ? "danger" : tried?.trial.ok ? "ok" : undefined;
  return (
    <Entry
      id={id}
      name={id}
      about={base_url === null ? type : (URL.parse(base_url)?.host ?? base_url)}
      state={state}
      tone={tone}
    >
      {() => <Opened provider={provider} />}
    </Entry>
  );
}

function Opened({ provider }: { provider: ShownProvider }) {
  const t = useT();
  const { time, duration, number } = useFormats();
  const panel = usePanel();
  const providers = panel.part(createProviders);
  const { busy, trouble, run } = useAct();
  const { id, type, base_url, from, keys_from, retry_in_ms, resting_keys } = provider;
  const tried = providers.trials.value[id];
  const listing = providers.listing.value;
  useEffect(() => {
    if (!listing) void providers.loadListing();
  }, [listing]);
  const models = listing?.list.models.filter((model) => model.provider === id) ?? [];
  const fault = listing?.list.errors.find((error) => error.provider === id)?.error;
  return (
    <>
      {retry_in_ms > 0 && <p class="failed">{t("providers.resting_why", { time: duration(retry_in_ms) })}</p>}
      {resting_keys.map(({ key, retry_in_ms: ms }) => (
        <p key={key} class="failed">
          {t("providers.key_resting", { key, time: duration(ms) })}
        </p>
      ))}
      <dl class="fact-list">
        <Fact name={t("providers.kind")}>{type}</Fact>
        {base_url !== null && (
          <Fact name={t("providers.address")}>
            <code>{base_url}</code>
          </Fact>
        )}
        <Fact name={t("providers.key")}>
          {keys_from.length === 0 ? t("providers.no_key") : keys_from.map((key) => <KeyPlace key={key} place={key} />)}
        </Fact>
        {listing && (
          <Fact name={t("providers.models")}>
            {fault
              ? `${exactText(fault.message)}.`
              : t("providers.models_count", {
                  count: models.length,
                  shown: number(models.length),
                  time: time(listing.at),
                })}
          </Fact>
        )}
      </dl>
      {models.length > 0 && (
        <details class="same">
          <summary>{t("providers.models_show")}</summary>
          <ul class="model-list">
            {models.slice(0, 300).map(({ ref, id: model, context_window }) => (
              <li key={ref}>
                <code>{exactText(model)}</code>
                {typeof context_window === "number" && (
                  <span class="meta"> {t("providers.context", { count: number(context_window) })}</span>
                )}
              </li>
            ))}
          </ul>
        </details>
      )}
      {tried && <TrialText trial={tried.trial} at={tried.at} />}
      <div class="approval-answers">
        <button type="button" class="button" disabled={busy} onClick={() => run(() => providers.test(id))}>
          {t(busy ? "providers.testing" : "providers.test")}
        </button>
        {from === "config" && (
          <ConfirmButton
            title={t("providers.remove_title", { name: id })}
            text={t("providers.remove_text")}
            label={t("providers.remove")}
            act={() => providers.remove(id)}
          />
        )}
      </div>
      <Trouble text={trouble} />
      {from === "config" ? (
        <Unfold label={t("providers.change")}>{(close) => <ProviderForm of={provider} onDone={close} />}</Unfold>
      ) : (
        from !== "built-in" && <p class="meta">{t("providers.not_in_config")}</p>
      )}
    </>
  );
}

function KeyPlace({ place }: { place: string }) {
  const t = useT();
  if (place === "environment") return <span>{t("providers.key_environment")}</span>;
  if (place === "config") return <span class="entry-state warn">{t("providers.key_config")}</span>;
  const [kind, ...name] = place.split(":");
  return (
    <span>
      {t(`providers.key_${kind}` as "providers.key_env")} <code>{name.join(":")}</code>{" "}
    </span>
  );
}
