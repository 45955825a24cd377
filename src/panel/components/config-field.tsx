/** One key of config.toml: what it means, what is in force, and the control that fits its kind. */
import { useId, useState } from "preact/hooks";
import type { ConfigEditor, ShownConfig } from "../state/config-editor.ts";
import { type Field, fromText, isBelow, toText, valueAt } from "../state/config-fields.ts";
import { useT } from "./context.ts";

export interface ConfigFieldProps {
  readonly field: Field;
  readonly editor: ConfigEditor;
  readonly config: ShownConfig;
}

export function ConfigField({ field, editor, config }: ConfigFieldProps) {
  const t = useT();
  const id = useId();
  const { path, key, kind, description, default: usual } = field;
  const edit = editor.edits.value[key];
  const mistake = editor.mistakes.value[key];
  const inFile = valueAt(config.file, path);
  const pinned = valueAt(config.pinned, path);
  const isByHand = config.by_hand.some((pattern) => isBelow(path, pattern));
  const isPinned = pinned !== undefined;
  const shown = edit ? (edit.value ?? usual) : isPinned ? inFile : valueAt(config.config, path);
  const issue = editor.issues.value.find((one) => one.path === key || one.path.startsWith(`${key}.`));
  const change = (text: string, isReadable: boolean) => {
    try {
      if (!isReadable) throw new SyntaxError("not a value");
      const value = fromText(kind, text);
      // What the file says already is no change; nor is an empty field where it says nothing.
      const isSame = value === null ? inFile === undefined : JSON.stringify(value) === JSON.stringify(inFile);
      editor.edit(path, isSame ? undefined : value);
    } catch {
      editor.mistype(path, text);
    }
  };
  const wrong = mistake === undefined ? issue?.message : t(kind === "number" ? "config.no_number" : "config.no_json");
  const usualText = usual === undefined ? undefined : toText(kind === "list" ? "json" : kind, usual);
  return (
    <div class="config-field" data-key={key} data-changed={edit !== undefined || mistake !== undefined || undefined}>
      <label class="config-key" for={id}>
        <code>{key}</code>
      </label>
      {description && <p class="meta">{description}</p>}
      <Control
        id={id}
        field={field}
        text={mistake ?? toText(kind, shown)}
        disabled={isByHand}
        isSet={edit?.value !== null && inFile !== undefined}
        onChange={change}
      />
      <p class="meta config-notes">
        {usualText !== undefined && usualText !== "" && t("config.default", { value: usualText })}{" "}
        {isByHand && t("config.by_hand")} {isPinned && t("config.pinned", { value: toText(kind, pinned) })}{" "}
        {edit || mistake !== undefined ? (
          <button type="button" class="link" onClick={() => editor.edit(path, undefined)}>
            {t("config.undo")}
          </button>
        ) : (
          inFile !== undefined &&
          !isByHand && (
            <button type="button" class="link" onClick={() => editor.edit(path, null)}>
              {t("config.unset")}
            </button>
          )
        )}
      </p>
      {wrong !== undefined && (
        <p class="failed" role="alert">
          {wrong}
        </p>
      )}
    </div>
  );
}

interface ControlProps {
  readonly id: string;
  readonly field: Field;
  readonly text: string;
  readonly disabled: boolean;
  /** Whether the file says something of it. */
  readonly isSet: boolean;
  /** A browser does not tell what stands in a field for numbers and is none. */
  readonly onChange: (text: string, isReadable: boolean) => void;
}

interface Told {
  readonly currentTarget: Pick<HTMLInputElement, "value" | "validity">;
}

function Control({ id, field, text, disabled, isSet, onChange }: ControlProps) {
  const t = useT();
  const { kind, options, min, max, whole, secret } = field;
  // Until it is a change: what comes from the server in between must not take its place.
  const [typed, setTyped] = useState<string | undefined>(undefined);
  const changed = ({ currentTarget }: Told) => {
    setTyped(undefined);
    onChange(currentTarget.value, !currentTarget.validity.badInput);
  };
  const entry = {
    id,
    disabled,
    value: typed ?? text,
    onInput: ({ currentTarget }: Told) => setTyped(currentTarget.value),
    onChange: changed,
  };
  if (kind === "switch" || kind === "choice") {
    const all = kind === "switch" ? ["true", "false"] : options;
    return (
      <select id={id} class="field" disabled={disabled} value={text} onChange={changed}>
        {!all.includes(text) && <option value={text}>{text === "" ? t("config.not_set") : text}</option>}
        {all.map((option) => (
          <option key={option} value={option}>
            {kind === "switch" ? t(option === "true" ? "config.on" : "config.off") : option}
          </option>
        ))}
      </select>
    );
  }
  if (kind === "number") {
    return (
      <input
        {...entry}
        class="field"
        type="number"
        placeholder={t("config.not_set")}
        step={whole ? 1 : "any"}
        {...(min === undefined ? {} : { min })}
        {...(max === undefined ? {} : { max })}
      />
    );
  }
  if (kind === "text") {
    return (
      <input
        {...entry}
        class="field"
        spellcheck={false}
        autocomplete="off"
        placeholder={secret ? "env:NAME" : isSet ? "" : t("config.not_set")}
      />
    );
  }
  return (
    <textarea
      {...entry}
      class="field code-field"
      rows={Math.min(8, Math.max(2, text.split("\n").length))}
      spellcheck={false}
      placeholder={t(kind === "list" ? "config.one_each" : "config.not_set")}
    />
  );
}
