/** The tool calls of one reply: run in their order, reading ones beside each other, each result on disk before it is told. */
import type { ToolOutcome } from "../policy/gate.ts";
import type { ToolResultPart } from "../protocol/message.ts";
import type { ModelMessage, ModelToolCall } from "../sdk/provider.ts";
import { appendMessage } from "../session/messages.ts";
import type { SessionTools } from "../session/sessions.ts";
import { toolMessage } from "./context.ts";
import type { LoopDeps, LoopRun } from "./loop.ts";
import { narrowedBy } from "./narrowing.ts";
import { LeftOpen } from "./open-calls.ts";
import type { Turn } from "./prepare.ts";
import { isTainted } from "./untrusted.ts";

export interface ToolCaller {
  readonly deps: Pick<LoopDeps, "toolbox" | "bus" | "now">;
  readonly run: Pick<LoopRun, "run" | "session" | "store" | "media" | "cancel" | "abort">;
}

/** What the model gets to see of them, and the tools that the run may use from here on. */
export async function callTools(
  caller: ToolCaller,
  calls: readonly ModelToolCall[],
  { tools, messages, untrusted, sessionTools: before }: Pick<Turn, "tools" | "messages" | "untrusted" | "sessionTools">,
): Promise<{ readonly messages: ModelMessage[]; readonly sessionTools: SessionTools | null }> {
  let sessionTools = before;
  const results: ToolResultPart[] = [];
  const isParallel = (call: ModelToolCall) => tools.some(({ name, parallel }) => name === call.tool && parallel);
  for (let at = 0; at < calls.length; ) {
    let end = at + 1;
    if (isParallel(calls[at]!)) while (end < calls.length && isParallel(calls[end]!)) end++;
    const tainted =
      untrusted ||
      isTainted(messages) ||
      caller.run.run.request.tainted === true ||
      caller.run.run.request.spawned?.tainted === true ||
      results.some(({ untrusted }) => untrusted);
    const scope = { tainted, sessionTools };
    const tried = await Promise.all(calls.slice(at, end).map((call) => callTool(caller, call, scope)));
    const done = tried.filter((result) => result !== undefined);
    if (done.length < tried.length) throw new LeftOpen();
    results.push(...done);
    sessionTools = narrowedBy(sessionTools, done);
    at = end;
  }
  const load = (id: string) => caller.run.media.get(id);
  return { messages: await Promise.all(results.map((result) => toolMessage(result, load))), sessionTools };
}

/** Nothing when the server stopped before a person had answered. */
async function callTool(
  { deps, run: loopRun }: ToolCaller,
  call: ModelToolCall,
  { tainted, sessionTools }: { readonly tainted: boolean; readonly sessionTools: SessionTools | null },
): Promise<ToolResultPart | undefined> {
  const { run, session, store, cancel, abort } = loopRun;
  const about = { run_id: run.id, session_key: session.key, call_id: call.call_id, tool: call.tool };
  const to = { sessionKey: session.key };
  deps.bus.publish("stream.tool_start", { ...about, args: call.args }, to);
  const outcome: ToolOutcome = cancel.aborted
    ? { status: "cancelled", text: "Cancelled before it began", durationMs: 0 }
    : await deps.toolbox.call(
        { tool: call.tool, args: call.args, callId: call.call_id },
        {
          agent: session.agent,
          sessionKey: session.key,
          runId: run.id,
          grant: run.request.grant,
          tainted,
          signal: abort,
          cancel,
          sessionTools,
          progress: (content) => deps.bus.publish("stream.tool_output", { ...about, content }, to),
        },
      );
  const { status, text, media, untrusted, guidance, narrows, durationMs, args } = outcome;
  if (outcome.left) return undefined;
  const result: ToolResultPart = {
    type: "tool_result",
    call_id: call.call_id,
    tool: call.tool,
    status,
    text,
    ...(media ? { media: [...media] } : {}),
    ...(untrusted ? { untrusted } : {}),
    ...(guidance ? { guidance } : {}),
    ...(narrows ? { narrows: [...narrows] } : {}),
    ...(args ? { args } : {}),
    duration_ms: durationMs,
  };
  await store.write((db) => {
    appendMessage(db, {
      sessionId: session.id,
      runId: run.id,
      role: "tool",
      parts: [result],
      status: "complete",
      ts: deps.now(),
    });
  });
  const ok = status === "ok";
  deps.bus.publish(
    "stream.tool_end",
    {
      ...about,
      ok,
      status,
      ...(args ? { args } : {}),
      ...(ok ? { result: text } : { error: text }),
      duration_ms: durationMs,
    },
    to,
  );
  return result;
}
