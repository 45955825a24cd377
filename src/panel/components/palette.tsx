/** Everything by a few letters: pages, conversations, commands, models, looks. The keys are those of a list under a field. */
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { LANGUAGE_IDS, LANGUAGES } from "../i18n/languages.ts";
import type { Panel } from "../state/panel.ts";
import { THEMES } from "../state/preferences.ts";
import type { PageName } from "../state/router.ts";
import { type Shell, useShell, useT } from "./context.ts";
import { PAGE_TITLES } from "./page-titles.ts";
import { bestMatches, type Matchable } from "./palette-match.ts";
import { titleOf } from "./session-words.ts";

interface Entry extends Matchable {
  readonly id: string;
  /** What it is, shown beside it. */
  readonly kind: string;
  readonly act: () => void;
}

export interface PaletteProps {
  readonly onClose: () => void;
}

const MOST = 60;
const STEPS: ReadonlyMap<string, number> = new Map([
  ["ArrowDown", 1],
  ["ArrowUp", -1],
  ["PageDown", 8],
  ["PageUp", -8],
]);
const SESSIONS_AT_FIRST = 8;

export function Palette({ onClose }: PaletteProps) {
  const t = useT();
  const shell = useShell();
  const { panel } = shell;
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();

  useLayoutEffect(() => {
    dialog.current?.showModal();
    void panel.commands.load();
    if (panel.router.place.peek().page === "session") void panel.models.loadList();
  }, [panel]);

  const all = useEntries(shell);
  const found = useMemo(() => {
    const best = bestMatches(all, typed);
    if (typed.trim() === "") return best.slice(0, MOST);
    return [...best.slice(0, MOST), searchAll(shell, typed.trim(), t("search.everything", { query: typed.trim() }))];
  }, [all, typed]);
  const chosen = Math.max(0, Math.min(at, found.length - 1));
  useEffect(() => list.current?.children[chosen]?.scrollIntoView({ block: "nearest" }), [chosen, found]);

  const choose = (entry: Entry | undefined) => {
    if (!entry) return;
    // First closed: what comes may take the focus.
    dialog.current?.close();
    entry.act();
  };
  const press = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const by = STEPS.get(event.key);
    if (by !== undefined) setAt(Math.abs(by) === 1 ? (chosen + by + found.length) % found.length : chosen + by);
    else if (event.key === "Enter") choose(found[chosen]);
    else return;
    event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside the dialog closes it; the key for that is Escape
    <dialog
      ref={dialog}
      class="dialog palette"
      aria-label={t("palette.title")}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <input
        class="palette-field"
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls={id}
        aria-activedescendant={found[chosen] ? `${id}-${chosen}` : undefined}
        aria-label={t("palette.title")}
        placeholder={t("palette.placeholder")}
        spellcheck={false}
        autocomplete="off"
        value={typed}
        onInput={({ currentTarget }) => {
          setTyped(currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <div class="palette-list" id={id} ref={list} role="listbox" aria-label={t("palette.found")}>
        {found.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are pressed in the field, which keeps the focus
          <div
            key={entry.id}
            id={`${id}-${index}`}
            class="menu-item"
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            // The field keeps the focus.
            onPointerDown={(event) => event.preventDefault()}
            onPointerMove={() => setAt(index)}
            onClick={() => choose(entry)}
          >
            <span class="palette-label">{entry.label}</span>
            <span class="meta">{entry.kind}</span>
          </div>
        ))}
      </div>
      <p class="unseen" role="status">
        {t("palette.count", { count: found.length })}
      </p>
    </dialog>
  );
}

function searchAll({ panel }: Shell, query: string, label: string): Entry {
  return { id: "search", label, kind: "", act: () => panel.router.go({ page: "search", query }) };
}

function find({ finding }: Panel): void {
  finding.value = true;
}

function useEntries(shell: Shell): readonly Entry[] {
  const t = useT();
  const { panel, openDialog, logOut } = shell;
  const { router, preferences, sessions, commands, models } = panel;
  const rows = sessions.rows.value;
  const words = commands.list.value;
  const place = router.place.value;
  const known = models.list.value;
  const auth = panel.server.value?.auth_mode;
  return useMemo(() => {
    const session = place.page === "session" ? panel.conversation(place.key) : undefined;
    const own: Entry[] = [
      { id: "new", label: t("rail.new"), kind: "", act: () => router.go({ page: "new" }) },
      ...(session ? [{ id: "find", label: t("find.title"), kind: "", act: () => find(panel) }] : []),
      { id: "keys", label: t("keys.title"), kind: "", act: () => openDialog({ kind: "keys" }) },
    ];
    const titled = rows.map((row) => ({
      id: `s ${row.session_key}`,
      label: titleOf(row, t),
      also: row.session_key,
      kind: t("palette.session"),
      act: () => router.go({ page: "session" as const, key: row.session_key }),
    }));
    const pages = (Object.keys(PAGE_TITLES) as PageName[]).map((page) => ({
      id: `p ${page}`,
      label: t(PAGE_TITLES[page]),
      also: page,
      kind: t("palette.page"),
      act: () => router.go({ page }),
    }));
    const slashed = (words ?? []).map(({ word, description }) => ({
      id: `c ${word}`,
      label: `/${word}`,
      also: description,
      kind: description,
      act: () => {
        if (place.page !== "session") router.go({ page: "new" });
        panel.offered.value = `/${word} `;
      },
    }));
    const modelled = session
      ? (known?.models ?? []).map(({ ref }) => ({
          id: `m ${ref}`,
          label: ref,
          kind: t("model.label"),
          // Where it did not arrive, the composer goes on showing the one that is in force.
          act: () => void session.patch({ model: ref }).catch(() => undefined),
        }))
      : [];
    const looks = [
      ...THEMES.map((theme) => ({
        id: `t ${theme}`,
        label: t(`settings.theme_${theme}`),
        also: theme,
        kind: t("settings.theme"),
        act() {
          preferences.theme.value = theme;
        },
      })),
      ...LANGUAGE_IDS.map((language) => ({
        id: `l ${language}`,
        label: LANGUAGES[language].name,
        also: language,
        kind: t("settings.language"),
        act() {
          preferences.language.value = language;
        },
      })),
    ];
    const out = auth === "token" ? [{ id: "out", label: t("settings.logout"), kind: "", act: logOut }] : [];
    return [
      ...own,
      ...titled.slice(0, SESSIONS_AT_FIRST),
      ...pages,
      ...slashed,
      ...modelled,
      ...looks,
      ...out,
      ...titled.slice(SESSIONS_AT_FIRST),
    ];
  }, [rows, words, place, known, auth, t]);
}
