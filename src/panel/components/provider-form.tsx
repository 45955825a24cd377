/** Adds a provider or changes one: nothing is saved before it has really answered, or the person wants it all the same. */
import { useId, useRef, useState } from "preact/hooks";
import { freeName, KINDS, nameFor } from "../../protocol/provider-kind.ts";
import { createProviders, type ShownProvider, type Trial, type WantedProvider } from "../state/providers.ts";
import { usePanel, useT } from "./context.ts";
import { Suggestions } from "./suggestions.tsx";
import { TrialText } from "./trial-text.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export function ProviderForm({ of, onDone }: { of?: ShownProvider; onDone: () => void }) {
  const t = useT();
  const id = useId();
  const panel = usePanel();
  const providers = panel.part(createProviders);
  const { busy, trouble, run } = useAct();
  const form = useRef<HTMLFormElement>(null);
  const types = providers.config.value?.types ?? [];
  const [type, setType] = useState(of?.type ?? types[0] ?? "");
  const [trial, setTrial] = useState<Trial | undefined>(undefined);
  const [models, setModels] = useState<readonly string[]>([]);
  const kind = KINDS.find((one) => one.type === type);
  const needsAddress = kind?.asksAddress ?? true;
  const wantsKey = kind?.key !== "none";

  // What comes from the environment may get a table of its own; a table that is there is changed, not added once more.
  const taken = new Set(providers.config.value?.providers.flatMap(({ id, from }) => (from === "config" ? [id] : [])));
  const wanted = (): WantedProvider => {
    const given = new FormData(form.current!);
    const text = (name: string) => String(given.get(name) ?? "").trim();
    const [address, key, model] = [text("address"), text("key"), text("model")];
    const usual = needsAddress && type === "openai-compatible" ? nameFor(address) : type;
    const name = of?.id ?? (text("name") || freeName(usual, taken));
    return {
      id: name,
      type,
      ...(address === "" ? (of ? { base_url: null } : {}) : { base_url: address }),
      ...(key === "" ? {} : { api_key: key }),
      ...(model === "" ? {} : { model }),
      as_default: given.get("default") !== null,
    };
  };
  const look = () => {
    const { as_default: _default, ...asked } = wanted();
    run(() => providers.try(asked), show);
  };
  const show = (found: Trial) => {
    setTrial(found);
    setModels(found.models ?? []);
  };
  const save = (untested: boolean) =>
    run(
      () => providers.save({ ...wanted(), untested }),
      ({ saved, trial: found }) => {
        if (found) show(found);
        if (saved) onDone();
      },
    );
  return (
    <form
      class="form"
      ref={form}
      autocomplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        save(false);
      }}
    >
      {!of && (
        <label>
          <span>{t("providers.kind")}</span>
          <select
            class="field"
            value={type}
            onChange={({ currentTarget }) => {
              setType(currentTarget.value);
              setTrial(undefined);
            }}
          >
            {types.map((name) => (
              <option key={name} value={name}>
                {KINDS.find((one) => one.type === name)?.label ?? name}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        <span>{t("providers.address")}</span>
        <input
          class="field"
          type="url"
          name="address"
          required={type === "openai-compatible"}
          maxLength={2000}
          spellcheck={false}
          defaultValue={of?.base_url ?? (needsAddress ? (kind?.address ?? "") : "")}
          key={`${type} address`}
          placeholder={needsAddress ? "https://api.example.com/v1" : t("providers.address_usual")}
        />
      </label>
      {wantsKey && (
        <label>
          <span>{t("providers.key")}</span>
          <input
            class="field"
            type="password"
            name="key"
            maxLength={16000}
            required={!of && kind?.key === "needed"}
            autocomplete="new-password"
            aria-describedby={`${id}-key`}
            placeholder={of && of.keys_from.length > 0 ? t("providers.key_stays") : ""}
          />
          <span class="meta" id={`${id}-key`}>
            {t("providers.key_about")}{" "}
            {kind?.keyPage && (
              <a href={kind.keyPage} target="_blank" rel="noreferrer">
                {t("providers.key_page", { host: new URL(kind.keyPage).host })}
              </a>
            )}
          </span>
        </label>
      )}
      <label>
        <span>{t("providers.model")}</span>
        <input
          class="field"
          name="model"
          list={`${id}-models`}
          maxLength={500}
          spellcheck={false}
          placeholder={trial?.model ?? t("providers.model_usual")}
        />
        <Suggestions id={`${id}-models`} values={models} />
      </label>
      {!of && (
        <label>
          <span>{t("providers.name")}</span>
          <input
            class="field"
            name="name"
            maxLength={64}
            pattern="[A-Za-z0-9][A-Za-z0-9_.\-]*"
            title={t("act.name_form")}
            spellcheck={false}
            placeholder={type === "openai-compatible" ? t("providers.name_of_address") : freeName(type, taken)}
            onInput={({ currentTarget }) =>
              currentTarget.setCustomValidity(taken.has(currentTarget.value.trim()) ? t("providers.name_taken") : "")
            }
          />
        </label>
      )}
      <label class="check">
        <input type="checkbox" name="default" defaultChecked={!of && isUnset(providers.config.value?.default)} />
        {t("providers.as_default")}
      </label>
      {trial && <TrialText trial={trial} />}
      <Trouble text={trouble} />
      <div class="form-acts">
        <button type="submit" class="button primary" disabled={busy}>
          {t(busy ? "providers.testing" : "providers.save")}
        </button>
        <button type="button" class="button" disabled={busy} onClick={() => form.current?.reportValidity() && look()}>
          {t("providers.look")}
        </button>
        {trial?.ok === false && (
          <button
            type="button"
            class="button"
            disabled={busy}
            onClick={() => form.current?.reportValidity() && save(true)}
          >
            {t("providers.save_untested")}
          </button>
        )}
        <button type="button" class="button" onClick={onDone}>
          {t("act.cancel")}
        </button>
      </div>
    </form>
  );
}

/** Nobody answers yet, or only the demo. */
function isUnset(model: string | null | undefined): boolean {
  return model === null || model === undefined || model.startsWith("demo/");
}
