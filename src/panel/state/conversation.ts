/** One conversation: its pages of history, the answers that stream now, and what the person can do with it. */
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { isTopic, type Params, type Result } from "../../client/client.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { Message } from "../../protocol/message.ts";
import type { Run } from "../../protocol/run.ts";
import { type Answer, emptyAnswer, isOver, overlaps, reduceAnswer, resumedAnswer } from "./answer.ts";
import type { Call } from "./connection.ts";
import { createFullness, type Fullness } from "./fullness.ts";
import { createOnce } from "./once.ts";
import { failed, LOADING, type Phase, READY } from "./phase.ts";
import { createRework, type Rework } from "./rework.ts";
import { buildEntries, type Entry, withNewestPage, withOlderPage, withRunMessages } from "./timeline.ts";

export type Outgoing = Omit<Params<"agent.run">, "session_key">;

export interface Editing {
  readonly messageId: string;
  readonly text: string;
}

export interface Conversation extends Rework {
  readonly key: string;
  /** The message that is being written anew. */
  readonly editing: Signal<Editing | undefined>;
  /** Where the conversation is kept as it was before it was last gone back in. */
  readonly keptIn: Signal<string | undefined>;
  readonly fullness: Fullness;
  readonly phase: ReadonlySignal<Phase>;
  readonly session: ReadonlySignal<Result<"session.get"> | undefined>;
  readonly entries: ReadonlySignal<readonly Entry[]>;
  readonly runs: ReadonlySignal<ReadonlyMap<string, Run>>;
  readonly hasOlder: ReadonlySignal<boolean>;
  /** Of the page of older messages that was last asked for. */
  readonly olderPhase: ReadonlySignal<Phase>;
  /** The run that is under way. */
  readonly activeRun: ReadonlySignal<string | undefined>;
  /** The answer as it streams; undefined when the record is all there is. */
  live(runId: string): ReadonlySignal<Answer> | undefined;
  /** The message that an answer answers; undefined where it is not among those that were read. */
  asked(entryKey: string): Message | undefined;
  /** The text that the run answers; undefined where it is not all that was asked, or not known. */
  question(runId: string): string | undefined;
  /** Reads everything that is shown anew; what is there stays in sight meanwhile. */
  load(): Promise<void>;
  loadOlder(): Promise<void>;
  /** The row with this message, whose page is read first where it is not there; undefined where there is none. */
  reveal(messageId: string): Promise<string | undefined>;
  /** Asks for a run that is not known yet: model, time, tokens, error. */
  want(runId: string): void;
  handle(event: EventFrame): void;
  /** Resolves when the message is on disk. */
  send(message: Outgoing): Promise<void>;
  stop(runId: string, how: "cancel" | "abort"): Promise<void>;
  patch(change: Omit<Params<"session.patch">, "session_key">): Promise<void>;
}

const PAGE = 100;
const RUNS = 100;
/** How far back a message is looked for. */
const REVEALED_PAGES = 200;
/** Events of a run that one call brings. */
const EVENTS = 5000;

export interface ConversationOptions {
  readonly key: string;
  readonly call: Call;
  readonly fetch: (path: string) => Promise<Response>;
}

export function createConversation({ key, call, fetch }: ConversationOptions): Conversation {
  const phase = signal<Phase>(LOADING);
  const olderPhase = signal<Phase>(READY);
  const session = signal<Result<"session.get"> | undefined>(undefined);
  const messages = signal<readonly Message[]>([]);
  const runs = signal<ReadonlyMap<string, Run>>(new Map());
  const live = signal<ReadonlyMap<string, Signal<Answer>>>(new Map());
  const next = signal<string | undefined>(undefined);
  const liveIds = computed(() => new Set(live.value.keys()));
  const entries = computed(() => buildEntries(messages.value, runs.value, liveIds.value));
  const activeRun = computed(() => {
    for (const [runId, answer] of live.value) if (!isOver(answer.value)) return runId;
    // Of a run that streams, the stream knows first how it ended.
    return [...runs.value.values()].find(({ run_id, status }) => status === "running" && !live.value.has(run_id))
      ?.run_id;
  });
  const once = createOnce();
  const editing = signal<Editing | undefined>(undefined);
  const keptIn = signal<string | undefined>(undefined);
  const fullness = createFullness({ key, call });
  /** Events that came while the first state was on its way. */
  let waiting: EventFrame[] | undefined;
  const asked = new Set<string>();
  /** Runs whose replay met the live stream in the middle of a merged piece; each is read again once. */
  const torn = new Set<string>();

  async function load(): Promise<void> {
    waiting = [];
    try {
      const [found, page, list] = await Promise.all([
        call("session.get", { session_key: key }),
        call("session.history", { session_key: key, limit: PAGE }),
        call("runs.list", { session_key: key, limit: RUNS }),
      ]);
      const followed = new Map<string, Signal<Answer>>();
      for (const run of list.runs.filter(({ status }) => status === "running")) {
        const answer = await replayed(run.run_id);
        if (answer) followed.set(run.run_id, signal(answer));
      }
      batch(() => {
        const isFirst = phase.peek().kind !== "ready" || messages.peek().length === 0;
        const merged = withNewestPage(messages.peek(), page.messages);
        if (isFirst || merged === page.messages) next.value = page.next;
        messages.value = merged;
        session.value = found;
        runs.value = new Map([...runs.peek(), ...list.runs.map((run) => [run.run_id, run] as const)]);
        live.value = followed;
        phase.value = READY;
      });
    } catch (error) {
      if (phase.peek().kind !== "ready") phase.value = failed(error);
    }
    const late = waiting ?? [];
    waiting = undefined;
    for (const event of late) apply(event);
  }

  /** The answer of a run from its events; undefined when they do not go back to its beginning. */
  async function replayed(runId: string): Promise<Answer | undefined> {
    const kept: EventFrame[] = [];
    for (let page = EVENTS; page === EVENTS; ) {
      const { events } = await call("runs.events", { run_id: runId, after_seq: kept.at(-1)?.seq ?? 0, limit: EVENTS });
      kept.push(...(events as unknown as readonly EventFrame[]));
      page = events.length;
    }
    const resumed = kept.findLastIndex((event) => isTopic(event, "stream.agent_trace") && event.data.kind === "resume");
    if (resumed >= 0) {
      const { messages: ofRun, ...run } = await call("runs.get", { run_id: runId });
      return kept.slice(resumed).reduce(reduceAnswer, resumedAnswer(run, ofRun, kept[resumed]!.ts));
    }
    if (!/^agent\.(?:queued|started)$/.test(kept[0]?.topic ?? "")) return undefined;
    return kept.reduce(reduceAnswer, emptyAnswer(runId));
  }

  function apply(event: EventFrame): void {
    if (!("session_key" in event.data) || event.data.session_key !== key) return;
    if (isTopic(event, "session.deleted"))
      phase.value = failed(new AlephError("not_found", "Conversation was deleted"));
    else if (isTopic(event, "session.rewound")) {
      keptIn.value = event.data.branch_key ?? undefined;
      void once.now("load", load);
    } else if (isTopic(event, "session.message")) void once.now("tail", refreshTail);
    else if (event.topic.startsWith("session.")) void refreshSession();
    if (!("run_id" in event.data) || typeof event.data.run_id !== "string") return;
    const runId = event.data.run_id;
    const answer = live.peek().get(runId);
    if (isTopic(event, "agent.started")) begun(event);
    else if (event.topic.startsWith("agent.")) {
      if (answer) answer.value = reduceAnswer(answer.peek(), event);
      void refreshRun(runId);
      fullness.stale();
    } else if (event.topic.startsWith("stream.")) streamed(event, runId, answer);
  }

  function streamed(event: EventFrame, runId: string, answer: Signal<Answer> | undefined): void {
    if (answer && overlaps(answer.peek(), event) && !torn.has(runId)) {
      torn.add(runId);
      void once.now("load", load);
      return;
    }
    if (answer) answer.value = reduceAnswer(answer.peek(), event);
    // Its beginning was not seen: what is recorded is shown instead, about once a second.
    else once.soon(runId, () => refreshRun(runId));
    if (isTopic(event, "stream.agent_trace") && event.data.kind === "steer") void refreshRun(runId);
  }

  function begun(event: EventFrame<"agent.started">): void {
    const { run_id: runId, message_id: messageId } = event.data;
    const known = live.peek().get(runId);
    if (known) known.value = reduceAnswer(known.peek(), event);
    // Taken up again after a restart, it does not begin here.
    else if (messages.peek().some(({ role, run_id }) => role !== "user" && run_id === runId)) {
      void once.now("load", load);
      return;
    } else live.value = new Map(live.peek()).set(runId, signal(reduceAnswer(emptyAnswer(runId), event)));
    // A message that waited stands behind what came in the meantime now.
    const waited = messages.peek().some(({ id }) => id === messageId) && messages.peek().at(-1)?.id !== messageId;
    void (waited ? once.now("tail", refreshTail) : refreshRun(runId));
  }

  async function refreshTail(): Promise<void> {
    const page = await call("session.history", { session_key: key, limit: PAGE });
    const list = await call("runs.list", { session_key: key, limit: 10 });
    batch(() => {
      messages.value = withNewestPage(messages.peek(), page.messages);
      runs.value = new Map([...runs.peek(), ...list.runs.map((run) => [run.run_id, run] as const)]);
    });
  }

  function refreshRun(runId: string): Promise<void> {
    return once.now(runId, async () => {
      const { messages: ofRun, ...run } = await call("runs.get", { run_id: runId });
      batch(() => {
        messages.value = withRunMessages(messages.peek(), runId, ofRun);
        runs.value = new Map(runs.peek()).set(runId, run);
        if (!isOver(run)) return;
        const others = new Map(live.peek());
        if (others.delete(runId)) live.value = others;
      });
    });
  }

  function refreshSession(): Promise<void> {
    return once.now("session", async () => {
      session.value = await call("session.get", { session_key: key });
    });
  }

  /** The page that is on its way. */
  let older: Promise<void> | undefined;

  function loadOlder(): Promise<void> {
    older ??= readOlder().finally(() => {
      older = undefined;
    });
    return older;
  }

  async function readOlder(): Promise<void> {
    const before = next.peek();
    if (before === undefined) return;
    olderPhase.value = LOADING;
    try {
      const page = await call("session.history", { session_key: key, limit: PAGE, before });
      batch(() => {
        messages.value = withOlderPage(messages.peek(), page.messages);
        next.value = page.next;
        olderPhase.value = READY;
      });
    } catch (error) {
      olderPhase.value = failed(error);
    }
  }

  async function send(message: Outgoing): Promise<void> {
    const { run_id: runId } = await call("agent.run", { ...message, session_key: key });
    await refreshRun(runId);
  }

  return {
    ...createRework({ key, call, fetch, send }),
    key,
    editing,
    keptIn,
    fullness,
    phase,
    session,
    entries,
    runs,
    hasOlder: computed(() => next.value !== undefined),
    olderPhase,
    activeRun,
    live: (runId) => live.value.get(runId),
    asked(entryKey) {
      const all = entries.value;
      const before = all[all.findIndex((entry) => entry.key === entryKey) - 1];
      return before?.kind === "user" ? before.message : undefined;
    },
    question(runId) {
      const message = messages.value.find(({ role, run_id }) => role === "user" && run_id === runId);
      return message?.parts.every(({ type }) => type === "text") ? message.content : undefined;
    },
    load: () => once.now("load", load),
    loadOlder,
    async reveal(messageId) {
      const rowOf = () => entries.peek().find((entry) => messagesOf(entry).some(({ id }) => id === messageId))?.key;
      for (let pages = 0; pages < REVEALED_PAGES; pages++) {
        const row = rowOf();
        const before = next.peek();
        if (row !== undefined || before === undefined) return row;
        await loadOlder();
        // It failed.
        if (next.peek() === before) return undefined;
      }
      return rowOf();
    },
    want(runId) {
      if (asked.has(runId) || runs.peek().has(runId)) return;
      asked.add(runId);
      call("agent.status", { run_id: runId }).then(
        (run) => {
          runs.value = new Map(runs.peek()).set(runId, run);
        },
        () => void asked.delete(runId),
      );
    },
    handle(event) {
      if (waiting) waiting.push(event);
      else apply(event);
    },
    send,
    async stop(runId, how) {
      await call(how === "cancel" ? "agent.cancel" : "agent.abort", { run_id: runId });
      await refreshRun(runId);
    },
    async patch(change) {
      const patched = await call("session.patch", { session_key: key, ...change });
      session.value = { ...patched, message_count: session.peek()?.message_count ?? 0 };
      fullness.stale();
    },
  };
}

function messagesOf(entry: Entry): readonly Message[] {
  return entry.kind === "answer" ? entry.messages : [entry.message];
}
