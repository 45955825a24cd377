/** All keys of config.toml in sections, found by words; what was changed is counted, and sent when it is saved. */
import { useState } from "preact/hooks";
import type { ConfigEditor, ShownConfig } from "../state/config-editor.ts";
import { type Collection, matches, type Section } from "../state/config-fields.ts";
import { ConfigField } from "./config-field.tsx";
import { useT } from "./context.ts";
import { Icon } from "./icon.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export function ConfigForm({ editor, config }: { editor: ConfigEditor; config: ShownConfig }) {
  const t = useT();
  const { busy, trouble, run } = useAct();
  const [words, setWords] = useState("");
  const [said, setSaid] = useState("");
  const wrong = Object.keys(editor.mistakes.value).length;
  const changes = changedKeys(editor).size;
  const found = editor.sections.value
    .map((section) => ({
      ...section,
      fields: section.fields.filter((field) => words.trim() === "" || matches(field, words.trim())),
    }))
    .filter(({ fields, collections }) => fields.length > 0 || (words.trim() === "" && collections.length > 0));
  const count = found.reduce((sum, { fields }) => sum + fields.length, 0);
  const others = editor.issues.value.filter(
    ({ path }) => !found.some(({ fields }) => fields.some(({ key }) => key === path)),
  );
  return (
    <>
      <search class="search-form">
        <Icon name="search" />
        <input
          class="field"
          type="search"
          aria-label={t("config.search")}
          placeholder={t("config.search")}
          value={words}
          onInput={({ currentTarget }) => setWords(currentTarget.value)}
        />
      </search>
      {found.length === 0 && <p class="aside">{t("config.nothing", { words: words.trim() })}</p>}
      <div>
        <p class="unseen" role="status">
          {t("config.found", { count })}
        </p>
        {found.map((section) => (
          <SectionFold
            key={section.name}
            section={section}
            editor={editor}
            config={config}
            isFound={words.trim() !== ""}
          />
        ))}
      </div>
      {others.length > 0 && (
        <ul class="failed permissions" role="alert">
          {others.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
      )}
      <p class="meta" role="status">
        {said}
      </p>
      {changes > 0 && (
        <div class="save-bar">
          {/* Here and not below the fields: this is what is in sight. */}
          <Trouble text={trouble} />
          <span>
            {t("config.changed", { count: changes })}
            {wrong > 0 && <span class="failed"> {t("config.mistyped", { count: wrong })}</span>}
          </span>
          <button type="button" class="button" disabled={busy} onClick={() => editor.forgetEdits()}>
            {t("config.forget")}
          </button>
          <button
            type="button"
            class="button primary"
            disabled={busy || wrong > 0}
            onClick={() => {
              setSaid("");
              run(
                () => editor.save(),
                () => setSaid(t("config.saved")),
              );
            }}
          >
            {t("act.save")}
          </button>
        </div>
      )}
    </>
  );
}

function changedKeys({ edits, mistakes }: ConfigEditor): ReadonlySet<string> {
  return new Set([...Object.keys(edits.value), ...Object.keys(mistakes.value)]);
}

interface FoldProps {
  readonly section: Section;
  readonly editor: ConfigEditor;
  readonly config: ShownConfig;
  /** Its fields were looked for: they are shown at once. */
  readonly isFound: boolean;
}

function SectionFold({ section, editor, config, isFound }: FoldProps) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  const { name, fields, collections } = section;
  const keys = changedKeys(editor);
  const changed = fields.filter(({ key }) => keys.has(key)).length;
  const open = isOpen || isFound;
  return (
    <details
      class="fold entry"
      data-entry={name}
      open={open}
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>
        <Icon name="chevron" />
        <span class="entry-name">
          <code>{name}</code>
        </span>
        <span class="entry-about">{t("config.keys", { count: fields.length })}</span>
        {changed > 0 && <span class="entry-state warn">{t("config.changed", { count: changed })}</span>}
      </summary>
      {open && (
        <div class="fold-body entry-body">
          {["gateway", "auth"].includes(name) && <p class="aside">{t("config.reconnects")}</p>}
          {fields.map((field) => (
            <ConfigField key={field.key} field={field} editor={editor} config={config} />
          ))}
          {!isFound && collections.map((one) => <AddTable key={one.key} collection={one} editor={editor} />)}
        </div>
      )}
    </details>
  );
}

function AddTable({ collection: { key, names }, editor }: { collection: Collection; editor: ConfigEditor }) {
  const t = useT();
  const [name, setName] = useState("");
  const isTaken = names.includes(name.trim());
  return (
    <form
      class="setting"
      onSubmit={(event) => {
        event.preventDefault();
        if (isTaken) return;
        editor.begin(key, name.trim());
        setName("");
      }}
    >
      <span class="setting-text">
        <code>[{key}.…]</code> {t("config.tables", { count: names.length })}
      </span>
      <span class="setting-acts">
        <input
          class="field"
          required
          maxLength={64}
          pattern="[A-Za-z0-9][A-Za-z0-9_.\-]*"
          title={t("act.name_form")}
          spellcheck={false}
          aria-label={t("config.table_name", { key })}
          placeholder={t("config.table_placeholder")}
          value={name}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <button type="submit" class="button" disabled={name.trim() === "" || isTaken}>
          {t("config.table_add")}
        </button>
      </span>
    </form>
  );
}
