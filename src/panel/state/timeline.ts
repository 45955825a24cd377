/** The conversation as rows: what the person wrote and what was answered, from messages that came in pages. */
import type { Message } from "../../protocol/message.ts";
import type { Run } from "../../protocol/run.ts";

export interface UserEntry {
  readonly kind: "user";
  readonly key: string;
  readonly message: Message;
  /** The run that has not begun with it yet. */
  readonly queuedRun: string | null;
}

export interface AnswerEntry {
  readonly kind: "answer";
  readonly key: string;
  readonly runId: string | null;
  /** What is recorded of it, in order; empty when nothing is yet. */
  readonly messages: readonly Message[];
}

export interface SystemEntry {
  readonly kind: "system";
  readonly key: string;
  readonly message: Message;
}

export type Entry = UserEntry | AnswerEntry | SystemEntry;

/**
 * All messages of a run make one answer, at the place of its first; what the person adds meanwhile stands inside it.
 * A run of which only the question is known gets a row as soon as there is something to say: it runs, or it failed.
 */
export function buildEntries(
  messages: readonly Message[],
  runs: ReadonlyMap<string, Run>,
  live: ReadonlySet<string>,
): readonly Entry[] {
  const entries: Entry[] = [];
  const answers = new Map<string, { entry: AnswerEntry; messages: Message[] }>();
  const asked = new Set<string>();

  const answerOf = (runId: string) => {
    let answer = answers.get(runId);
    if (!answer) {
      const own: Message[] = [];
      answer = { entry: { kind: "answer", key: `r:${runId}`, runId, messages: own }, messages: own };
      answers.set(runId, answer);
      entries.push(answer.entry);
    }
    return answer;
  };

  for (const message of messages) {
    const runId = message.run_id;
    if (message.role === "system") {
      entries.push({ kind: "system", key: `m:${message.id}`, message });
    } else if (message.role === "user" && (runId === null || !asked.has(runId))) {
      const isQueued = runId !== null && runs.get(runId)?.status === "queued";
      entries.push({ kind: "user", key: `m:${message.id}`, message, queuedRun: isQueued ? runId : null });
      if (runId === null) continue;
      asked.add(runId);
      if (hasSomethingToSay(runs.get(runId), live.has(runId))) answerOf(runId);
    } else if (runId === null) {
      // Of a conversation from elsewhere there are no runs: what a tool gave belongs to the answer around it.
      const last = entries.at(-1);
      const isPart = message.role === "tool" || (last?.kind === "answer" && last.messages.at(-1)?.role === "tool");
      if (isPart && last?.kind === "answer" && last.runId === null) {
        entries[entries.length - 1] = { ...last, messages: [...last.messages, message] };
      } else entries.push({ kind: "answer", key: `m:${message.id}`, runId: null, messages: [message] });
    } else {
      answerOf(runId).messages.push(message);
    }
  }
  return entries;
}

function hasSomethingToSay(run: Run | undefined, isLive: boolean): boolean {
  if (run?.status === "queued") return false;
  return isLive || (run !== undefined && run.status !== "completed");
}

/** The newest page laid over what was there: its order and its content win; older pages stay. */
export function withNewestPage(known: readonly Message[], page: readonly Message[]): readonly Message[] {
  const ids = new Set(page.map(({ id }) => id));
  const first = known.findIndex(({ id }) => ids.has(id));
  if (first < 0) return page;
  return [...known.slice(0, first).filter(({ id }) => !ids.has(id)), ...page];
}

export function withOlderPage(known: readonly Message[], page: readonly Message[]): readonly Message[] {
  const ids = new Set(known.map(({ id }) => id));
  return [...page.filter(({ id }) => !ids.has(id)), ...known];
}

/** What is recorded of one run now, in its order, at the place where the run stood; at the end when it is new. */
export function withRunMessages(
  known: readonly Message[],
  runId: string,
  ofRun: readonly Message[],
): readonly Message[] {
  const first = known.findIndex((message) => message.run_id === runId);
  if (first < 0) return [...known, ...ofRun];
  const behind = known.slice(first).filter((message) => message.run_id !== runId);
  return [...known.slice(0, first), ...ofRun, ...behind];
}
