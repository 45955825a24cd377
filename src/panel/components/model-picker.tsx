/** The model of a conversation: what is in force, and a list of all that the providers offer. */
import { useState } from "preact/hooks";
import { useFormats, usePanel, useT } from "./context.ts";
import { Failure } from "./failure.tsx";
import { Icon } from "./icon.tsx";
import { Late } from "./late.tsx";
import { moveFocus, Popover } from "./popover.tsx";

export interface ModelPickerProps {
  /** Null: the agent's own. */
  readonly model: string | null;
  readonly disabled: boolean;
  readonly onChoose: (model: string | null) => void;
}

export function ModelPicker({ model, disabled, onChoose }: ModelPickerProps) {
  const t = useT();
  const { models } = usePanel();
  const usual = models.config.value?.default ?? undefined;
  const shown = model ?? usual ?? t("model.default");
  return (
    <Popover
      label={`${t("model.label")}: ${shown}`}
      buttonClass="chip"
      side="above"
      onOpen={() => void models.loadList()}
      button={
        <>
          <span class="chip-text">{shortName(shown)}</span>
          <Icon name="chevron" />
        </>
      }
    >
      {(close) => (
        <ModelList
          model={model}
          usual={usual}
          disabled={disabled}
          onChoose={(chosen) => {
            onChoose(chosen);
            close();
          }}
        />
      )}
    </Popover>
  );
}

interface ModelListProps extends ModelPickerProps {
  readonly usual: string | undefined;
}

function ModelList({ model, usual, disabled, onChoose }: ModelListProps) {
  const t = useT();
  const { time } = useFormats();
  const { models } = usePanel();
  const [filter, setFilter] = useState("");
  const phase = models.phase.value;
  const list = models.list.value;
  const aliases = Object.keys(models.config.value?.aliases ?? {});
  const wanted = filter.trim().toLowerCase();
  const all = [
    ...aliases.map((alias) => ({ id: alias, name: models.config.value?.aliases[alias] })),
    ...(list?.models ?? []).map(({ ref, name }) => ({ id: ref, name })),
  ];
  const found = all.filter(({ id, name }) => `${id} ${name ?? ""}`.toLowerCase().includes(wanted));
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows move between the buttons inside
    <div class="menu models" onKeyDown={moveFocus}>
      <input
        class="field"
        type="search"
        ref={focusAtOnce}
        aria-label={t("model.search")}
        placeholder={t("model.search")}
        value={filter}
        onInput={({ currentTarget }) => setFilter(currentTarget.value)}
      />
      <div class="menu-list">
        <Choice
          label={usual === undefined ? t("model.default") : t("model.default_of", { model: usual })}
          chosen={model === null}
          disabled={disabled}
          onChoose={() => onChoose(null)}
        />
        {found.map(({ id, name }) => (
          <Choice
            key={id}
            label={id}
            detail={name}
            chosen={model === id}
            disabled={disabled}
            onChoose={() => onChoose(id)}
          />
        ))}
        {phase.kind === "loading" && <Late>{t("model.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => models.loadList()} />}
        {phase.kind === "ready" && found.length === 0 && <p class="menu-note">{t("model.nothing")}</p>}
      </div>
      {list?.errors.map(({ provider, error }) => (
        <p key={provider} class="menu-note">
          {t("model.failed", { provider, message: error.message })}
        </p>
      ))}
      {models.takenAt.value !== undefined && (
        <p class="menu-note">{t("model.taken", { time: time(models.takenAt.value) })}</p>
      )}
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly detail?: string | undefined;
  readonly chosen: boolean;
  readonly disabled: boolean;
  readonly onChoose: () => void;
}

export function Choice({ label, detail, chosen, disabled, onChoose }: ChoiceProps) {
  return (
    <button type="button" class="menu-item" aria-pressed={chosen} disabled={disabled} onClick={onChoose}>
      <span class="menu-check">{chosen && <Icon name="check" />}</span>
      <span class="menu-text">
        {label}
        {detail && detail !== label && <span class="meta"> {detail}</span>}
      </span>
    </button>
  );
}

function shortName(model: string): string {
  return model.split("/").at(-1) ?? model;
}

function focusAtOnce(field: HTMLInputElement | null): void {
  field?.focus();
}
