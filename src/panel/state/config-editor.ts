/** config.toml by two doors: field by field, of which only what was changed is sent, and as the text that it is. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import { AlephError } from "../../protocol/errors.ts";
import { isTable, keyOf, type Section, sectionsOf, valueAt } from "./config-fields.ts";
import { createLoaded } from "./loaded.ts";
import type { Part, PartNeeds } from "./panel.ts";
import { failed, LOADING, type Phase, READY } from "./phase.ts";

export type ConfigIssue = Result<"config.check">["issues"][number];
export type ShownConfig = Result<"config.get">;

/** A field that was changed and not saved yet; null takes the key out of the file. */
export interface Edit {
  readonly path: readonly string[];
  readonly value: unknown;
}

export interface ConfigEditor extends Part {
  readonly config: ReadonlySignal<ShownConfig | undefined>;
  readonly sections: ReadonlySignal<readonly Section[]>;
  readonly phase: ReadonlySignal<Phase>;
  /** By key. */
  readonly edits: ReadonlySignal<Readonly<Record<string, Edit>>>;
  /** What was typed and is no value, by key: it stays in its field, and nothing is saved before it is put right. */
  readonly mistakes: ReadonlySignal<Readonly<Record<string, string>>>;
  /** What the server did not take, by key. */
  readonly issues: ReadonlySignal<readonly ConfigIssue[]>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  /** Undefined: as it was. */
  edit(path: readonly string[], value: unknown): void;
  mistype(path: readonly string[], text: string): void;
  /** Begins a table of that name. */
  begin(collection: string, name: string): void;
  forgetEdits(): void;
  /** Sends only what was changed. Rejects with the server's reason; the edits stay then. */
  save(): Promise<readonly string[]>;
  readonly text: TextEditor;
}

export interface TextEditor {
  /** What the file says, as far as it was read. */
  readonly saved: ReadonlySignal<string | undefined>;
  /** What the person made of it. */
  readonly draft: ReadonlySignal<string>;
  readonly phase: ReadonlySignal<Phase>;
  /** Of the newest text that was looked at; undefined while one is looked at. */
  readonly verdict: ReadonlySignal<Result<"config.check"> | undefined>;
  /** Somebody else changed the file since it was read. */
  readonly stale: ReadonlySignal<boolean>;
  write(text: string): void;
  /** Reads the file; what was written here is thrown away. */
  load(): Promise<void>;
  /** Looks at the draft. Never rejects. */
  check(): Promise<void>;
  /** Rejects with the server's reason, `conflict` where the file is another by now. */
  save(): Promise<readonly string[]>;
}

export function createConfigEditor({ call }: PartNeeds): ConfigEditor {
  const edits = signal<Readonly<Record<string, Edit>>>({});
  const mistakes = signal<Readonly<Record<string, string>>>({});
  const begun = signal<Readonly<Record<string, readonly string[]>>>({});
  const issues = signal<readonly ConfigIssue[]>([]);
  const { value, phase, load, renew } = createLoaded(async () => {
    const [config, schema] = await Promise.all([call("config.get", {}), call("config.schema", {})]);
    return { config, schema };
  });
  const text = createTextEditor(call, load);
  return {
    config: computed(() => value.value?.config),
    sections: computed(() =>
      value.value ? sectionsOf(value.value.schema, value.value.config.config, begun.value) : [],
    ),
    phase,
    edits,
    mistakes,
    issues,
    load,
    renew: async () => {
      await renew();
      await text.renew();
    },
    edit(path, next) {
      const key = keyOf(path);
      const { [key]: _before, ...others } = edits.peek();
      const { [key]: _wrong, ...otherMistakes } = mistakes.peek();
      edits.value = next === undefined ? others : { ...others, [key]: { path, value: next } };
      mistakes.value = otherMistakes;
      issues.value = issues.peek().filter((issue) => issue.path !== key);
    },
    mistype(path, text) {
      mistakes.value = { ...mistakes.peek(), [keyOf(path)]: text };
    },
    begin(collection, name) {
      begun.value = { ...begun.peek(), [collection]: [...(begun.peek()[collection] ?? []), name] };
    },
    forgetEdits() {
      edits.value = {};
      mistakes.value = {};
      begun.value = {};
      issues.value = [];
    },
    async save() {
      issues.value = [];
      try {
        const file = value.peek()?.config.file ?? {};
        const { changed } = await call("config.patch", { patch: patchOf(Object.values(edits.peek()), file) });
        edits.value = {};
        begun.value = {};
        await load();
        return changed;
      } catch (error) {
        issues.value = issuesOf(error);
        throw error;
      }
    },
    text,
    handle({ topic }) {
      if (topic !== "config.changed" && topic !== "config.invalid") return;
      void renew();
      if (text.saved.peek() !== undefined) void text.look();
    },
  };
}

/** A merge patch (RFC 7396) of all edits to what `file` says. */
export function patchOf(edits: readonly Edit[], file: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const { path, value } of edits) {
    let at = patch;
    for (const key of path.slice(0, -1)) {
      const inner = Object.hasOwn(at, key) ? (at[key] as Record<string, unknown>) : {};
      Object.defineProperty(at, key, { value: inner, enumerable: true, configurable: true, writable: true });
      at = inner;
    }
    const made = instead(value, valueAt(file, path));
    Object.defineProperty(at, path.at(-1)!, { value: made, enumerable: true, configurable: true, writable: true });
  }
  return patch;
}

/** A patch merges tables: what a table says no longer must be taken out of it by name. */
function instead(value: unknown, before: unknown): unknown {
  if (!isTable(value) || !isTable(before)) return value;
  const gone = Object.keys(before).filter((key) => !Object.hasOwn(value, key));
  return Object.fromEntries([
    ...Object.entries(value).map(([key, inner]) => [key, instead(inner, valueAt(before, [key]))]),
    ...gone.map((key) => [key, null]),
  ]);
}

function issuesOf(thrown: unknown): readonly ConfigIssue[] {
  const { reason, data } = AlephError.from(thrown);
  return reason === "config_invalid" && Array.isArray(data.issues) ? (data.issues as ConfigIssue[]) : [];
}

function createTextEditor(
  call: PartNeeds["call"],
  onSaved: () => Promise<void>,
): TextEditor & { look(): Promise<void>; renew(): Promise<void> } {
  const saved = signal<string | undefined>(undefined);
  const draft = signal("");
  const phase = signal<Phase>(LOADING);
  const verdict = signal<Result<"config.check"> | undefined>(undefined);
  const stale = signal(false);
  let revision = "";
  let asked = 0;

  /** Another draft than `replaced` was typed meanwhile: it stays, as a change of what the file says now. */
  async function take(told: Result<"config.text">, replaced: string | undefined): Promise<void> {
    const isReplaced = draft.peek() === replaced;
    saved.value = told.text;
    revision = told.revision;
    stale.value = false;
    phase.value = READY;
    if (!isReplaced) return;
    draft.value = told.text;
    await check();
  }

  async function read(replaced: () => string): Promise<void> {
    try {
      const told = await call("config.text", {});
      await take(told, replaced());
    } catch (error) {
      phase.value = failed(error);
    }
  }

  async function check(): Promise<void> {
    const mine = ++asked;
    verdict.value = undefined;
    // No verdict is none: saving looks at it once more.
    const found = await call("config.check", { text: draft.peek() }).catch(() => undefined);
    if (mine === asked) verdict.value = found;
  }

  /** Whether the file is another by now: then what is untouched is as the file is, and else it is said. */
  async function look(): Promise<void> {
    const told = await call("config.text", {}).catch(() => undefined);
    if (!told) return;
    const before = saved.peek();
    // The same text has another revision once the server has begun anew.
    if (draft.peek() === before || told.text === before) await take(told, before);
    else {
      stale.value = true;
      phase.value = READY;
    }
  }

  return {
    saved,
    draft,
    phase,
    verdict,
    stale,
    write(text) {
      draft.value = text;
      verdict.value = undefined;
    },
    load: () => read(() => draft.peek()),
    check,
    look,
    async renew() {
      if (saved.peek() !== undefined) await look();
      else if (phase.peek().kind === "failed") await read(() => draft.peek());
    },
    async save() {
      const text = draft.peek();
      const { changed } = await call("config.apply", { text, revision });
      await Promise.all([read(() => text), onSaved()]);
      return changed;
    },
  };
}
