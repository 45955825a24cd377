/** What an earlier process left open: which runs go on by themselves, and how the others are marked. */
import type { MessagePart } from "../protocol/message.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { Store } from "../sdk/store.ts";
import {
  appendMessage,
  deleteMessage,
  moveToEnd,
  type PlacedMessage,
  readRunMessages,
  updateMessage,
} from "../session/messages.ts";
import { endRun, type StoredRun, setRunRequest } from "../session/runs.ts";
import { findSubagent } from "../session/subagents.ts";
import { lostResult } from "./context.ts";

/** A run that brought the process down this often is not tried again. */
const MAX_RESUMES = 3;

export interface RecoveryOptions {
  readonly store: Store;
  readonly bus: Publisher;
  readonly now: () => number;
  readonly onRestart: "resume" | "interrupt";
}

/**
 * Marks what was cut off and returns the runs to go on with, oldest first. A run goes on when nothing of its present
 * step was seen: no text, no tool call without a result. A call whose end is unknown is never repeated.
 */
export async function recoverRuns(open: readonly StoredRun[], options: RecoveryOptions): Promise<readonly StoredRun[]> {
  const resumed: StoredRun[] = [];
  for (const run of open) {
    const messages = readRunMessages(options.store.db, run.id);
    const cut = messages.filter(({ status }) => status === "streaming");
    const lost = lostCalls(messages);
    // A command that had begun may have had its effect.
    const isHalfDone = run.request.direct !== undefined && "call" in run.request.direct && run.status === "running";
    // Whoever waited for it is gone with the call.
    const isAwaited = findSubagent(options.store.db, run.id)?.background === false;
    const request = { ...run.request, resumed: run.request.resumed + (run.status === "running" ? 1 : 0) };
    const goesOn =
      options.onRestart === "resume" &&
      !isHalfDone &&
      !isAwaited &&
      cut.length === 0 &&
      lost.length === 0 &&
      request.resumed <= MAX_RESUMES;
    if (goesOn) {
      await options.store.write((db) => setRunRequest(db, run.id, request));
      resumed.push({ ...run, request });
    } else {
      await interrupt(run, cut, lost, options);
    }
  }
  return resumed;
}

interface LostCall {
  readonly callId: string;
  readonly tool: string;
}

/** Calls without a result. An id may have been used before in the run: as many results end as many calls, in order. */
function lostCalls(messages: readonly PlacedMessage[]): readonly LostCall[] {
  const parts: readonly MessagePart[] = messages.flatMap((message) => message.parts);
  const ended = new Map<string, number>();
  for (const part of parts)
    if (part.type === "tool_result") ended.set(part.call_id, (ended.get(part.call_id) ?? 0) + 1);
  return parts.flatMap((part) => {
    if (part.type !== "tool_call") return [];
    const left = ended.get(part.call_id) ?? 0;
    ended.set(part.call_id, left - 1);
    return left > 0 ? [] : [{ callId: part.call_id, tool: part.tool }];
  });
}

async function interrupt(
  run: StoredRun,
  cut: readonly PlacedMessage[],
  lost: readonly LostCall[],
  { store, bus, now }: RecoveryOptions,
): Promise<void> {
  const text = cut.map(({ content }) => content).join("");
  await store.write((db) => {
    for (const message of cut) {
      if (message.parts.length === 0) deleteMessage(db, Number(message.id));
      else updateMessage(db, Number(message.id), { parts: message.parts, status: "interrupted" });
    }
    if (run.status === "queued") moveToEnd(db, run.request.messageId);
    for (const { callId, tool } of lost) {
      const parts = [lostResult(callId, tool)];
      appendMessage(db, {
        sessionId: run.sessionId,
        runId: run.id,
        role: "tool",
        parts,
        status: "complete",
        ts: now(),
      });
    }
    endRun(db, run.id, { status: "interrupted", text, endedAt: now() });
  });
  bus.publish(
    "agent.interrupted",
    { run_id: run.id, session_key: run.sessionKey, text },
    { sessionKey: run.sessionKey },
  );
}
