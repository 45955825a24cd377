/** Who answers: the models by default and when one fails, and the providers with their keys. */
import { useId, useState } from "preact/hooks";
import { AdministrationHead } from "../components/administration-head.tsx";
import { useFormats, useT } from "../components/context.ts";
import { Failure } from "../components/failure.tsx";
import { Icon } from "../components/icon.tsx";
import { Late } from "../components/late.tsx";
import { ProviderForm } from "../components/provider-form.tsx";
import { ProviderRow } from "../components/provider-row.tsx";
import { Suggestions } from "../components/suggestions.tsx";
import { Trouble } from "../components/trouble.tsx";
import { Unfold } from "../components/unfold.tsx";
import { useAct } from "../components/use-act.ts";
import { usePart } from "../components/use-part.ts";
import { createProviders, type ModelsConfig, type Providers } from "../state/providers.ts";

export function ModelsPage() {
  const t = useT();
  const { time } = useFormats();
  const providers = usePart(createProviders);
  const phase = providers.phase.value;
  const config = providers.config.value;
  const taken = providers.takenAt.value;
  return (
    <>
      <AdministrationHead page="models" />
      <div class="settings entries">
        {phase.kind === "loading" && !config && <Late>{t("providers.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => providers.load()} />}
        {config && (
          <>
            <Answering providers={providers} config={config} />
            <section>
              <header class="section-head">
                <h2>{t("providers.all")}</h2>
                {taken !== undefined && <span class="meta">{t("providers.taken", { time: time(taken) })}</span>}
              </header>
              {config.providers.map((provider) => (
                <ProviderRow key={provider.id} provider={provider} />
              ))}
            </section>
            <Unfold label={t("providers.add")}>{(close) => <ProviderForm onDone={close} />}</Unfold>
          </>
        )}
      </div>
    </>
  );
}

function Answering({ providers, config }: { providers: Providers; config: ModelsConfig }) {
  const t = useT();
  const list = useId();
  const { busy, trouble, run } = useAct();
  const [wanted, setWanted] = useState("");
  const { fallbacks } = config;
  const known = providers.listing.value?.list.models ?? [];
  const ask = () => void (providers.listing.peek() ?? providers.loadListing());
  const isDemo = config.default?.startsWith("demo/");
  const setFallbacks = (models: readonly string[]) => run(() => providers.setFallbacks(models));
  const swap = (at: number) => fallbacks.with(at, fallbacks[at - 1]!).with(at - 1, fallbacks[at]!);
  return (
    <section>
      <h2>{t("providers.answering")}</h2>
      {isDemo && <p class="aside">{t("providers.demo")}</p>}
      <Suggestions id={list} values={known.map(({ ref }) => ref)} />
      <form
        class="setting"
        key={config.default}
        onSubmit={(event) => {
          event.preventDefault();
          const model = new FormData(event.currentTarget).get("model");
          run(() => providers.setDefault(typeof model === "string" && model.trim() !== "" ? model.trim() : null));
        }}
      >
        <label class="setting-text" for={`${list}-default`}>
          {t("providers.default")}
        </label>
        <span class="setting-acts">
          <input
            id={`${list}-default`}
            name="model"
            class="field"
            list={list}
            spellcheck={false}
            defaultValue={config.default ?? ""}
            placeholder={t("providers.default_none")}
            onFocus={ask}
          />
          <button type="submit" class="button" disabled={busy}>
            {t("act.save")}
          </button>
        </span>
      </form>
      <div class="setting">
        <span class="setting-text">
          {t("providers.fallbacks")}
          <span class="finding-hint">{t("providers.fallbacks_about")}</span>
        </span>
        <ol class="fallbacks">
          {fallbacks.map((model, at) => (
            <li key={model}>
              <code>{model}</code>
              <button
                type="button"
                class="icon-button small"
                disabled={busy || at === 0}
                aria-label={t("providers.earlier", { model })}
                title={t("providers.earlier", { model })}
                onClick={() => setFallbacks(swap(at))}
              >
                <Icon name="send" />
              </button>
              <button
                type="button"
                class="icon-button small"
                disabled={busy}
                aria-label={t("act.remove", { name: model })}
                title={t("act.remove", { name: model })}
                onClick={() => setFallbacks(fallbacks.toSpliced(at, 1))}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ol>
        <form
          class="setting-acts"
          onSubmit={(event) => {
            event.preventDefault();
            const model = wanted.trim();
            if (model !== "" && !fallbacks.includes(model))
              run(
                () => providers.setFallbacks([...fallbacks, model]),
                () => setWanted(""),
              );
          }}
        >
          <input
            class="field"
            list={list}
            spellcheck={false}
            aria-label={t("providers.fallback_new")}
            placeholder={t("providers.fallback_new")}
            value={wanted}
            onFocus={ask}
            onInput={({ currentTarget }) => setWanted(currentTarget.value)}
          />
          <button type="submit" class="button" disabled={busy || wanted.trim() === ""}>
            {t("providers.fallback_add")}
          </button>
        </form>
      </div>
      <Trouble text={trouble} />
    </section>
  );
}
