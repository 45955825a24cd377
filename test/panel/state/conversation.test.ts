/** A conversation against a server of which the test says what it answers, where the moment matters. */
import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { createConversation } from "../../../src/panel/state/conversation.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";
import type { Message } from "../../../src/protocol/message.ts";
import { until } from "../../support/until.ts";

const KEY = "agent:main:main";
const RUN = { run_id: "run_1", session_key: KEY, status: "running", model: null, steps: 1 };
const TIMES = { created_at: 1, started_at: 1, ended_at: null };

function message(id: string, role: Message["role"], parts: Message["parts"]): Message {
  const content = parts.map((part) => ("text" in part ? part.text : "")).join("");
  return { id, run_id: RUN.run_id, role, content, parts, status: "complete", model: null, ts: Number(id) };
}

const MESSAGES = [
  message("1", "user", [{ type: "text", text: "What is there?" }]),
  message("2", "assistant", [{ type: "tool_call", call_id: "c", tool: "list", args: {} }]),
  message("3", "tool", [{ type: "tool_result", call_id: "c", tool: "list", status: "ok", text: "a.txt" }]),
];

test("a conversation that is read before its run is taken up again shows what stood there, and goes on", async () => {
  // The last events of the killed process were not kept, and the new one has not looked at its runs yet.
  const events: EventFrame[] = [];
  const answers: Readonly<Record<string, () => unknown>> = {
    "session.get": () => ({ session_key: KEY }),
    "session.history": () => ({ messages: MESSAGES }),
    "runs.list": () => ({ runs: [{ ...RUN, ...TIMES }] }),
    "runs.get": () => ({ ...RUN, ...TIMES, messages: MESSAGES }),
    "runs.events": () => ({ events }),
  };
  const call = (async (method: string) => answers[method]!()) as unknown as Call;
  const opened = createConversation({ key: KEY, call, fetch });
  await opened.load();
  expect(opened.live(RUN.run_id)).toBeUndefined();
  const about = { run_id: RUN.run_id, session_key: KEY };
  const happen = (event: EventFrame) => {
    events.push(event);
    opened.handle(event);
  };
  happen({ topic: "stream.agent_trace", seq: 11, ts: 10, data: { ...about, step: 1, kind: "resume", detail: {} } });
  happen({ topic: "agent.started", seq: 12, ts: 11, data: { ...about, model: null, message_id: "1" } });
  happen({ topic: "stream.chunk", seq: 13, ts: 12, data: { ...about, content: "One file.", index: 0 } });
  const blocks = await until(() => opened.live(RUN.run_id)?.peek().blocks);
  expect(blocks.map((block) => ("text" in block ? block.text : block.kind))).toEqual(["tool", "note", "One file."]);
});
