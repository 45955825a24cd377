/** The first run: from nothing to a model that answers, as `aleph wizard` does it on a terminal. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Choices } from "../components/choices.tsx";
import { useFormats, usePanel, useT } from "../components/context.ts";
import { NotifyButton } from "../components/notify-button.tsx";
import { PageHead } from "../components/page-head.tsx";
import { helpFor } from "../components/trial-text.tsx";
import { Trouble } from "../components/trouble.tsx";
import { ENGLISH, type StringKey } from "../i18n/languages.ts";
import type { Translate } from "../i18n/translate.ts";
import { hashOf } from "../state/router.ts";
import { createSetup, type FoundProvider, type Setup, type Trial } from "../state/setup.ts";

const STEPS = ["kind", "details", "model", "done"] as const;

export function SetupPage() {
  const t = useT();
  const { connection } = usePanel();
  const setup = useMemo(() => createSetup(connection.call), [connection]);
  const link = connection.link.value;
  const connected = link.kind === "connected";
  const may = connected && link.hello.scopes.includes("admin");
  useEffect(() => {
    if (may) void setup.load();
  }, [setup, may]);
  const step = setup.step.value;
  const heading = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  useEffect(() => {
    // Who goes from step to step hears which one it is.
    if (!first.current) heading.current?.focus();
    first.current = false;
  }, [step]);
  return (
    <>
      <PageHead title={t("setup.title")} />
      <div class="settings setup">
        <ol class="setup-steps" aria-label={t("setup.steps")}>
          {STEPS.map((name) => (
            <li key={name} aria-current={name === step ? "step" : undefined}>
              {t(`setup.step_${name}`)}
            </li>
          ))}
        </ol>
        <h2 ref={heading} tabIndex={-1}>
          {t(`setup.${step}`)}
        </h2>
        {connected && !may ? (
          <p class="aside">{t("setup.not_yours")}</p>
        ) : (
          <>
            {step === "kind" && <KindStep setup={setup} />}
            {step === "details" && <DetailsStep setup={setup} />}
            {step === "model" && <ModelStep setup={setup} />}
            {step === "done" && <DoneStep setup={setup} />}
          </>
        )}
        <Trouble text={setup.trouble.value} />
      </div>
    </>
  );
}

function labelOf({ type, label }: { readonly type: string; readonly label: string }, t: Translate): string {
  const own = `setup.kind_${type}`;
  return Object.hasOwn(ENGLISH, own) ? t(own as StringKey) : label;
}

function KindStep({ setup }: { setup: Setup }) {
  const t = useT();
  return (
    <>
      <p class="aside">{t("setup.kind_why")}</p>
      <ul class="setup-kinds">
        {setup.kinds.value.map(({ kind, found }) => (
          <li key={kind.type}>
            <button type="button" class="setup-kind" data-kind={kind.type} onClick={() => setup.choose(kind)}>
              <strong>{labelOf(kind, t)}</strong>
              <span class="meta">{found ? foundWords(found, t) : ""}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function foundWords({ from, base_url, id, has_key }: FoundProvider, t: Translate): string {
  if (from === "environment" && has_key) return t("setup.found_environment");
  if (from === "config") return t("setup.found_config", { id });
  return t("setup.found_at", { address: base_url ?? "" });
}

function DetailsStep({ setup }: { setup: Setup }) {
  const t = useT();
  const draft = setup.draft.value!;
  const found = setup.found.value;
  const { kind } = draft;
  const hasKey = found?.has_key === true && (found.from === "environment" || found.id === draft.id);
  const needsKey = kind.key === "needed" && !hasKey;
  const isWhole =
    (!kind.asksAddress || URL.canParse(draft.address)) && (!needsKey || draft.key !== "") && draft.id !== "";
  return (
    <form
      class="setup-form"
      onSubmit={(event) => {
        event.preventDefault();
        void setup.test();
      }}
    >
      <p class="aside">{labelOf(kind, t)}</p>
      {kind.asksAddress && (
        <label>
          <span>{t("setup.address")}</span>
          <input
            class="field"
            type="url"
            name="address"
            required
            placeholder="https://openrouter.ai/api/v1"
            value={draft.address}
            onInput={({ currentTarget }) => setup.change({ address: currentTarget.value.trim() })}
          />
        </label>
      )}
      {kind.asksAddress && kind.address === undefined && (
        <label>
          <span>{t("setup.name")}</span>
          <input
            class="field"
            name="id"
            required
            pattern="[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}"
            title={t("act.name_form")}
            value={draft.id}
            onInput={({ currentTarget }) => setup.change({ id: currentTarget.value.trim() })}
          />
        </label>
      )}
      {kind.key !== "none" && (
        <>
          <label>
            <span>{t(needsKey ? "setup.key" : hasKey ? "setup.key_other" : "setup.key_optional")}</span>
            <input
              class="field"
              name="key"
              type="password"
              autocomplete="off"
              spellcheck={false}
              required={needsKey}
              value={draft.key}
              onInput={({ currentTarget }) => setup.change({ key: currentTarget.value.trim() })}
            />
          </label>
          <p class="meta">
            {hasKey && t(found?.from === "environment" ? "setup.key_environment" : "setup.key_known")}{" "}
            {kind.keyPage && (
              <>
                {t("setup.key_page")}{" "}
                <a href={kind.keyPage} target="_blank" rel="noopener noreferrer">
                  {new URL(kind.keyPage).host}
                </a>
              </>
            )}
          </p>
          {draft.key !== "" && (
            <Choices
              label={t("setup.keep")}
              options={(["file", "keychain"] as const).map((value) => ({ value, label: t(`setup.keep_${value}`) }))}
              value={draft.keep}
              onChoose={(keep) => setup.change({ keep })}
            />
          )}
        </>
      )}
      <Outcome trial={setup.trial.value} />
      <div class="dialog-acts">
        <button type="button" class="button" onClick={() => setup.back()}>
          {t("setup.back")}
        </button>
        {setup.trial.value?.ok === false && (
          <button type="button" class="button" disabled={setup.busy.value} onClick={() => void setup.save(true)}>
            {t("setup.save_untested")}
          </button>
        )}
        <button type="submit" class="button primary" disabled={setup.busy.value || !isWhole}>
          {t(setup.busy.value ? "setup.testing" : "setup.test")}
        </button>
      </div>
    </form>
  );
}

/** What the real call gave: the answer, or why there was none and what helps. */
function Outcome({ trial }: { trial: Trial | undefined }) {
  const t = useT();
  const { duration } = useFormats();
  if (!trial) return null;
  if (trial.ok) {
    return (
      <p class="setup-ok" role="status">
        {t("setup.answered", { model: trial.model ?? trial.provider, time: duration(trial.latency_ms) })}
      </p>
    );
  }
  return (
    <div class="ending failed" role="alert">
      <p>
        <strong>{t("setup.failed")}</strong> {trial.error?.message}.
      </p>
      <p class="aside">{helpFor(trial, t) ?? t("error.next_again")}</p>
    </div>
  );
}

/** More are found by a part of their name. */
const SHOWN = 40;

function ModelStep({ setup }: { setup: Setup }) {
  const t = useT();
  const { model, asDefault } = setup.draft.value!;
  const [filter, setFilter] = useState("");
  const trial = setup.trial.value;
  const listed = trial?.models ?? [];
  const wanted = filter.trim().toLowerCase();
  const fitting = listed.filter((id) => id.toLowerCase().includes(wanted));
  const shown = model !== undefined && wanted === "" ? [model, ...fitting.filter((id) => id !== model)] : fitting;
  const now = setup.defaultNow.value;
  return (
    <form
      class="setup-form"
      onSubmit={(event) => {
        event.preventDefault();
        void setup.save();
      }}
    >
      <Outcome trial={trial} />
      {listed.length > 8 && (
        <input
          class="field"
          type="search"
          aria-label={t("model.search")}
          placeholder={t("model.search")}
          value={filter}
          onInput={({ currentTarget }) => setFilter(currentTarget.value)}
        />
      )}
      {shown.length > 0 && (
        <fieldset class="setup-models">
          <legend class="unseen">{t("model.label")}</legend>
          {shown.slice(0, SHOWN).map((id) => (
            <label key={id}>
              <input
                type="radio"
                name="model"
                value={id}
                checked={id === model}
                onChange={() => setup.change({ model: id })}
              />
              {id}
            </label>
          ))}
        </fieldset>
      )}
      {shown.length > SHOWN && <p class="meta">{t("setup.more_models", { count: shown.length - SHOWN })}</p>}
      {wanted !== "" && shown.length === 0 && <p class="meta">{t("model.nothing")}</p>}
      {now !== undefined && (
        <label class="setting">
          <span>{t("setup.instead", { model: now })}</span>
          <input
            type="checkbox"
            checked={asDefault}
            onChange={({ currentTarget }) =>
              setup.change({ asDefault: currentTarget.checked, ...(model === undefined ? {} : { model }) })
            }
          />
        </label>
      )}
      <div class="dialog-acts">
        <button type="button" class="button" onClick={() => setup.back()}>
          {t("setup.back")}
        </button>
        <button type="submit" class="button primary" disabled={setup.busy.value}>
          {t(setup.busy.value ? "setup.testing" : "setup.save")}
        </button>
      </div>
    </form>
  );
}

function DoneStep({ setup }: { setup: Setup }) {
  const t = useT();
  const { server } = usePanel();
  const draft = setup.draft.value;
  const isWritten = draft !== undefined && draft.kind.key !== "none" ? true : draft?.kind.asksAddress === true;
  return (
    <>
      <p>{isWritten ? t("setup.ready", { model: draft?.model ?? draft?.id ?? "" }) : t("setup.ready_demo")}</p>
      {isWritten && draft?.key !== "" && draft?.keep === "file" && (
        <p class="meta">{t("setup.key_in", { home: server.value?.home ?? "" })}</p>
      )}
      <div class="setup-next">
        <a class="button primary" href={hashOf({ page: "new" })}>
          {t("setup.hello")}
        </a>
        <NotifyButton />
        <a class="button" href={hashOf({ page: "devices" })}>
          {t("setup.devices")}
        </a>
        <a class="button" href={hashOf({ page: "channels" })}>
          {t("setup.channels")}
        </a>
      </div>
      <p class="aside">{t("setup.policy")}</p>
    </>
  );
}
