/** The newest lines of the server's log, asked for while somebody looks; only the newest few thousand are kept. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import type { Part, PartNeeds } from "./panel.ts";
import { failed, LOADING, type Phase, READY } from "./phase.ts";

/** `key` names it among the others, as a list wants it. */
export type LogLine = Result<"logs.tail">["entries"][number] & { readonly key: string };
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
  let loading: Promise<void> | undefined;

  async function read(): Promise<void> {
    try {
      const before = next;
      const answer = await call("logs.tail", { level: "debug", limit: AT_ONCE, after: before });
      if (answer.next < before) {
        // Another process of the server, which counts from the beginning.
        next = 0;
        lines.value = [];
        return await read();
      }
      next = answer.next;
      if (answer.entries.length > 0 || lines.peek() === undefined)
        lines.value = [
          ...(lines.peek() ?? []),
          ...answer.entries.map((line) => ({ ...line, key: String(line.n) })),
        ].slice(-KEPT);
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
      const last = held.value?.at(-1)?.n ?? 0;
      return held.value === undefined ? 0 : (lines.value ?? []).filter((line) => line.n > last).length;
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
    // The page asks by itself while it is open.
    renew: () => Promise.resolve(),
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
