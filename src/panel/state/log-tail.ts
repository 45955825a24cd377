/** The newest lines of the server's log, asked for while somebody looks; only the newest few thousand are kept. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import type { Part, PartNeeds } from "./panel.ts";
import { failed, LOADING, type Phase, READY } from "./phase.ts";

type Entry = Result<"logs.tail">["entries"][number];
/** `key` names it among the others, as a list wants it. */
export type LogLine = Entry & { readonly key: string };
export const LEVELS = ["debug", "info", "warn", "error"] as const satisfies readonly LogLine["level"][];
export type Level = (typeof LEVELS)[number];

export interface LogFilter {
  /** The least important that is shown. */
  readonly level: Level;
  /** As `areaOf` names it; empty: all of them. */
  readonly area: string;
  /** Words that a line must hold, in whatever case. */
  readonly text: string;
}

export interface LogTail extends Part {
  /** All that is kept, oldest first; undefined until the first answer. */
  readonly lines: ReadonlySignal<readonly LogLine[] | undefined>;
  /** Those that the filter lets through; while it is paused, those that were there then. */
  readonly shown: ReadonlySignal<readonly LogLine[]>;
  readonly areas: ReadonlySignal<readonly string[]>;
  readonly filter: ReadonlySignal<LogFilter>;
  readonly paused: ReadonlySignal<boolean>;
  /** Lines that came since it was paused. */
  readonly behind: ReadonlySignal<number>;
  readonly phase: ReadonlySignal<Phase>;
  setFilter(change: Partial<LogFilter>): void;
  pause(paused: boolean): void;
  clear(): void;
  /** Reads what is new. Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
}

const KEPT = 5000;
const AT_ONCE = 2000;

export function createLogTail({ call }: Pick<PartNeeds, "call">): LogTail {
  const lines = signal<readonly LogLine[] | undefined>(undefined);
  const filter = signal<LogFilter>({ level: "info", area: "", text: "" });
  const held = signal<readonly LogLine[] | undefined>(undefined);
  const phase = signal<Phase>(LOADING);
  const areas = computed(() => [...new Set((lines.value ?? []).map(areaOf))].filter((area) => area !== "").toSorted());
  let next = 0;
  /** The newest that was read, also of those that were cleared. */
  let last: Entry | undefined;
  /** Whether the server may be another process by now, which counts from the beginning. */
  let isAnother = false;
  let loading: Promise<void> | undefined;

  async function read(): Promise<void> {
    try {
      const before = next;
      // With the line that is known already: only the same process tells the same once more.
      const known = isAnother ? last : undefined;
      const after = known ? known.n - 1 : before;
      const answer = await call("logs.tail", { level: "debug", limit: AT_ONCE, after });
      const same = known && answer.entries.find(({ n }) => n === known.n);
      if (answer.next < before || (same && same.ts !== known.ts)) {
        next = 0;
        last = undefined;
        lines.value = [];
        return await read();
      }
      isAnother = false;
      next = answer.next;
      const entries = answer.entries.filter(({ n }) => n > before);
      last = entries.at(-1) ?? last;
      if (entries.length > 0 || lines.peek() === undefined)
        lines.value = [...(lines.peek() ?? []), ...entries.map((line) => ({ ...line, key: String(line.n) }))].slice(
          -KEPT,
        );
      phase.value = READY;
    } catch (error) {
      phase.value = failed(error);
    }
  }

  function load(): Promise<void> {
    loading ??= read().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  return {
    lines,
    shown: computed(() => (held.value ?? lines.value ?? []).filter((line) => passes(line, filter.value))),
    areas,
    filter,
    paused: computed(() => held.value !== undefined),
    behind: computed(() => {
      const all = lines.value ?? [];
      const end = held.value?.at(-1);
      // Where it is none of them, it was forgotten, or is of another process.
      return held.value === undefined ? 0 : all.length - 1 - (end ? all.lastIndexOf(end) : -1);
    }),
    phase,
    setFilter(change) {
      filter.value = { ...filter.peek(), ...change };
    },
    pause(paused) {
      held.value = paused ? (lines.peek() ?? []) : undefined;
    },
    clear() {
      lines.value = [];
      if (held.peek()) held.value = [];
    },
    load,
    async renew() {
      // The page asks by itself while it is open.
      isAnother = true;
    },
  };
}

const AREAS = ["interface", "plugin", "provider", "server", "node", "protocol"];

/** What the line is about, as `provider openai`; empty for the server itself. */
export function areaOf({ fields }: LogLine): string {
  const key = AREAS.find((name) => typeof fields[name] === "string");
  return key === undefined ? "" : `${key} ${fields[key]}`;
}

/** What a line says besides its message, as `key=value`. */
export function fieldsText({ fields }: Pick<LogLine, "fields">): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}

/** As one line of text, to be copied and kept. */
export function lineText(line: LogLine): string {
  return `${new Date(line.ts).toISOString()} ${line.level.padEnd(5)} ${line.message} ${fieldsText(line)}`.trimEnd();
}

function passes(line: LogLine, { level, area, text }: LogFilter): boolean {
  if (LEVELS.indexOf(line.level) < LEVELS.indexOf(level)) return false;
  if (area !== "" && areaOf(line) !== area) return false;
  const words = text.trim().toLowerCase();
  return words === "" || `${line.message} ${fieldsText(line)}`.toLowerCase().includes(words);
}
