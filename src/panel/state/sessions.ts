/** The list of conversations, as the server has it; each row is asked for again when an event speaks of it. */
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { AlephError } from "../../protocol/errors.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { WireSession } from "../../protocol/session.ts";
import type { Call } from "./connection.ts";
import { failed, LOADING, type Phase, READY } from "./phase.ts";
import type { KeptValues } from "./storage.ts";

export interface Sessions {
  readonly phase: ReadonlySignal<Phase>;
  readonly rows: ReadonlySignal<readonly WireSession[]>;
  readonly filter: ReadonlySignal<string>;
  readonly hasMore: ReadonlySignal<boolean>;
  load(): Promise<void>;
  loadMore(): Promise<void>;
  search(filter: string): void;
  rename(key: string, title: string): Promise<void>;
  remove(key: string): Promise<void>;
  handle(event: EventFrame): void;
  /** The person has seen everything up to now. */
  markSeen(key: string): void;
  isUnread(session: WireSession): boolean;
}

const PAGE = 60;
const SEARCH_AFTER_MS = 150;
/** Events come in bursts; a row is asked for once. */
const REFRESH_AFTER_MS = 60;
const SEEN = "aleph.seen";
/** Sessions whose last look is remembered. */
const KEPT_SEEN = 500;

export function createSessions({ call, kept, now }: { call: Call; kept: KeptValues; now: () => number }): Sessions {
  const phase = signal<Phase>(LOADING);
  const rows = signal<readonly WireSession[]>([]);
  const filter = signal("");
  const next = signal<string | undefined>(undefined);
  const hasMore = signal(false);
  const seen = signal(readSeen(kept, now));
  const due = new Map<string, ReturnType<typeof setTimeout>>();
  let searchTimer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;

  async function load(): Promise<void> {
    const mine = ++asked;
    const wanted = filter.peek();
    try {
      const answer = await call("session.list", { limit: PAGE, ...(wanted ? { filter: wanted } : {}) });
      if (mine !== asked) return;
      batch(() => {
        rows.value = answer.sessions;
        next.value = answer.next;
        hasMore.value = answer.next !== undefined;
        phase.value = READY;
      });
    } catch (error) {
      if (mine === asked) phase.value = failed(error);
    }
  }

  async function loadMore(): Promise<void> {
    const before = next.peek();
    if (before === undefined) return;
    const mine = asked;
    const wanted = filter.peek();
    const answer = await call("session.list", { limit: PAGE, before, ...(wanted ? { filter: wanted } : {}) });
    if (mine !== asked) return;
    batch(() => {
      rows.value = sorted([...rows.peek(), ...answer.sessions]);
      next.value = answer.next;
      hasMore.value = answer.next !== undefined;
    });
  }

  async function refresh(key: string): Promise<void> {
    try {
      put(await call("session.get", { session_key: key }));
    } catch (error) {
      if (error instanceof AlephError && error.reason === "not_found") drop(key);
      // Anything else: the connection is lost, and the whole list is read when it is back.
    }
  }

  function put(session: WireSession): void {
    const known = rows.peek().some(({ session_key }) => session_key === session.session_key);
    // Whether a new one matches what is searched for is the server's to say.
    if (!known && filter.peek() !== "") return void load();
    rows.value = sorted([session, ...rows.peek().filter(({ session_key }) => session_key !== session.session_key)]);
  }

  function drop(key: string): void {
    rows.value = rows.peek().filter(({ session_key }) => session_key !== key);
  }

  return {
    phase,
    rows,
    filter,
    hasMore,
    load,
    loadMore,
    search(wanted) {
      filter.value = wanted;
      clearTimeout(searchTimer);
      searchTimer = setTimeout(() => void load(), SEARCH_AFTER_MS);
    },
    async rename(key, title) {
      put(await call("session.patch", { session_key: key, title }));
    },
    async remove(key) {
      await call("session.delete", { session_key: key });
      drop(key);
    },
    handle({ topic, data }) {
      if (!/^(?:agent|session)\./.test(topic) || !("session_key" in data) || typeof data.session_key !== "string")
        return;
      const key = data.session_key;
      if (topic === "session.deleted") return drop(key);
      if (due.has(key)) return;
      const timer = setTimeout(() => {
        due.delete(key);
        void refresh(key);
      }, REFRESH_AFTER_MS);
      due.set(key, timer);
    },
    markSeen(key) {
      const updated = rows.peek().find(({ session_key }) => session_key === key)?.updated_at ?? 0;
      const last = seen.peek().sessions[key] ?? seen.peek().since;
      if (updated <= last) return;
      seen.value = { ...seen.peek(), sessions: { ...seen.peek().sessions, [key]: updated } };
      kept.write(SEEN, { since: seen.peek().since, sessions: newest(seen.peek().sessions) });
    },
    isUnread: ({ session_key, updated_at }) => updated_at > (seen.value.sessions[session_key] ?? seen.value.since),
  } satisfies Sessions & { rows: Signal<readonly WireSession[]> };
}

interface Seen {
  /** What was there before the panel was first opened in this browser counts as seen. */
  readonly since: number;
  readonly sessions: Readonly<Record<string, number>>;
}

function readSeen(kept: KeptValues, now: () => number): Seen {
  const found = kept.read(SEEN) as Partial<Seen> | undefined;
  if (typeof found?.since === "number" && typeof found.sessions === "object") {
    return { since: found.since, sessions: found.sessions };
  }
  const first: Seen = { since: now(), sessions: {} };
  kept.write(SEEN, first);
  return first;
}

function newest(sessions: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(sessions)
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, KEPT_SEEN),
  );
}

function sorted(sessions: readonly WireSession[]): readonly WireSession[] {
  return sessions.toSorted((a, b) => b.updated_at - a.updated_at);
}
