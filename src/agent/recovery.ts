/** What an earlier process left open: which runs go on by themselves, and how the others are marked. */

import { isPending } from "../policy/approval-rows.ts";
import type { Publisher } from "../sdk/bus.ts";
import type { ModelToolCall } from "../sdk/provider.ts";
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
import { openCalls } from "./open-calls.ts";

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
    const lost = openCalls(messages);
    // It has not begun, and what stands behind it has not either or only reads.
    const waits = lost.some(({ call_id }) => isPending(options.store.db, run.id, call_id));
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
      (lost.length === 0 || waits) &&
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

async function interrupt(
  run: StoredRun,
  cut: readonly PlacedMessage[],
  lost: readonly ModelToolCall[],
  { store, bus, now }: RecoveryOptions,
): Promise<void> {
  const text = cut.map(({ content }) => content).join("");
  await store.write((db) => {
    for (const message of cut) {
      if (message.parts.length === 0) deleteMessage(db, Number(message.id));
      else updateMessage(db, Number(message.id), { parts: message.parts, status: "interrupted" });
    }
    if (run.status === "queued") moveToEnd(db, run.request.messageId);
    for (const { call_id, tool } of lost) {
      const parts = [lostResult(call_id, tool)];
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
