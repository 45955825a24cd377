import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type Answer,
  emptyAnswer,
  overlaps,
  recordedAnswer,
  reduceAnswer,
  textOf,
} from "../../../src/panel/state/answer.ts";
import type { EventData, EventFrame, Topic } from "../../../src/protocol/events.ts";
import type { Message, ToolResultPart } from "../../../src/protocol/message.ts";

const RUN = { run_id: "run_1", session_key: "agent:main:main" };
const USAGE = { input: 10, output: 5, cache_read: 0, cache_write: 0, cost_usd: 0.01 };

/** Events with numbers and times that grow: number 1 at 1000 ms, then 100 ms later each. */
function events(
  ...list: readonly { [T in Topic]: readonly [T, Omit<EventData<T>, "run_id" | "session_key">] }[Topic][]
) {
  return list.map(
    ([topic, data], at) =>
      ({ topic, seq: at + 1, ts: 1000 + at * 100, data: { ...RUN, ...data } }) as unknown as EventFrame,
  );
}

const answerOf = (list: readonly EventFrame[]): Answer => list.reduce(reduceAnswer, emptyAnswer("run_1"));

const WHOLE = events(
  ["agent.started", { model: null, message_id: "1" }],
  ["stream.agent_trace", { step: 1, kind: "model", detail: { provider: "p", model: "m" } }],
  ["stream.thinking", { content: "Hm", index: 0 }],
  ["stream.thinking", { content: "m.", index: 1 }],
  ["stream.chunk", { content: "Let me ", index: 2 }],
  ["stream.chunk", { content: "look.", index: 3 }],
  ["stream.tool_start", { call_id: "c1", tool: "exec", args: { command: "ls" } }],
  ["stream.tool_output", { call_id: "c1", tool: "exec", content: "a\n" }],
  ["stream.tool_output", { call_id: "c1", tool: "exec", content: "b\n" }],
  ["stream.tool_end", { call_id: "c1", tool: "exec", ok: true, status: "ok", result: "a\nb", duration_ms: 40 }],
  ["stream.chunk", { content: "Two files.", index: 4 }],
  ["agent.completed", { text: "Two files.", usage: USAGE, steps: 2, duration_ms: 1234 }],
);

describe("reduceAnswer", () => {
  test("builds the whole answer from its events", () => {
    expect(answerOf(WHOLE)).toEqual({
      runId: "run_1",
      status: "completed",
      blocks: [
        { kind: "thinking", text: "Hmm.", startedAt: 1200, durationMs: 200 },
        { kind: "text", text: "Let me look." },
        {
          kind: "tool",
          callId: "c1",
          tool: "exec",
          args: { command: "ls" },
          status: "ok",
          output: "a\nb\n",
          result: "a\nb",
          media: [],
          startedAt: 1600,
          durationMs: 40,
        },
        { kind: "text", text: "Two files." },
      ],
      model: "p/m",
      usage: USAGE,
      steps: 2,
      startedAt: 1000,
      durationMs: 1234,
      error: null,
      seq: 12,
      index: { chunk: 4, thinking: 1 },
    });
  });

  test("gives the same however adjacent pieces were merged on the way", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: WHOLE.length, maxLength: WHOLE.length }), (merge) => {
        const merged: EventFrame[] = [];
        for (const [at, event] of WHOLE.entries()) {
          const last = merged.at(-1);
          const isPiece = event.topic === "stream.chunk" || event.topic === "stream.thinking";
          if (merge[at] && isPiece && last?.topic === event.topic) {
            const [first, second] = [last.data, event.data] as EventData<"stream.chunk">[];
            merged[merged.length - 1] = { ...event, data: { ...first!, content: first!.content + second!.content } };
          } else merged.push(event);
        }
        // A merged piece has the time of its last part, so how long the thinking took is less exact.
        const exact = ({ index: _, blocks, ...answer }: Answer) => ({
          ...answer,
          blocks: blocks.map((block) => (block.kind === "thinking" ? block.text : block)),
        });
        expect(exact(answerOf(merged))).toEqual(exact(answerOf(WHOLE)));
      }),
    );
  });

  test("takes each event once, also when a replay brings it again", () => {
    fc.assert(
      fc.property(fc.nat(WHOLE.length), fc.nat(WHOLE.length), (cut, back) => {
        const again = [...WHOLE.slice(0, cut), ...WHOLE.slice(Math.max(0, cut - back))];
        expect(answerOf(again)).toEqual(answerOf(WHOLE));
      }),
    );
  });

  test("changes only the block that an event is about", () => {
    const before = answerOf(WHOLE.slice(0, 7));
    const after = reduceAnswer(before, WHOLE[7]!);
    expect(after.blocks[0]).toBe(before.blocks[0]!);
    expect(after.blocks[1]).toBe(before.blocks[1]!);
    expect(after.blocks[2]).not.toBe(before.blocks[2]!);
  });

  test("says that it waits while it is queued", () => {
    expect(answerOf(events(["agent.queued", { message_id: "1" }])).status).toBe("queued");
  });

  test("keeps what went wrong", () => {
    const error = { reason: "provider_error", message: "Overloaded" };
    const answer = answerOf([...WHOLE.slice(0, 6), { ...events(["agent.error", { error }])[0]!, seq: 7, ts: 2000 }]);
    expect(answer).toMatchObject({ status: "failed", error, durationMs: 1000 });
    expect(textOf(answer)).toBe("Let me look.");
  });

  test.each([
    ["agent.cancelled", {}, "cancelled"],
    ["agent.interrupted", { text: "" }, "interrupted"],
  ] as const)("after %s nothing runs any more, and the end of a tool that ran is not known", (topic, data, status) => {
    const end = { topic, seq: 8, ts: 2000, data: { ...RUN, ...data } } as EventFrame;
    const answer = answerOf([...WHOLE.slice(0, 7), end]);
    expect(answer.status).toBe(status);
    expect(answer.blocks.at(-1)).toMatchObject({ kind: "tool", status: "unknown" });
  });

  test("shows what the person added where the model read it", () => {
    const answer = answerOf(
      events(
        ["agent.started", { model: null, message_id: "1" }],
        ["stream.chunk", { content: "One", index: 0 }],
        ["stream.agent_trace", { step: 2, kind: "steer", detail: { messages: ["7", "8"] } }],
        ["stream.chunk", { content: "Two", index: 1 }],
      ),
    );
    expect(answer.blocks).toEqual([
      { kind: "text", text: "One" },
      { kind: "said", messageIds: ["7", "8"] },
      { kind: "text", text: "Two" },
    ]);
  });

  test("notes another try and another model where they happened", () => {
    const answer = answerOf(
      events(
        ["agent.started", { model: null, message_id: "1" }],
        ["stream.chunk", { content: "One", index: 0 }],
        ["stream.agent_trace", { step: 1, kind: "failover", detail: { provider: "q" } }],
        ["stream.chunk", { content: " two", index: 1 }],
      ),
    );
    expect(answer.blocks).toEqual([
      { kind: "text", text: "One" },
      { kind: "note", note: "failover", detail: { provider: "q" } },
      { kind: "text", text: " two" },
    ]);
  });
});

test("reduceAnswer keeps the end of an output that has none", () => {
  const [start, output] = [WHOLE[6]!, WHOLE[7]!] as const;
  let answer = reduceAnswer(emptyAnswer("run_1"), start);
  for (let seq = 8; seq < 20; seq++) {
    answer = reduceAnswer(answer, {
      ...output,
      seq,
      data: { ...output.data, content: `${seq}`.repeat(20_000) },
    } as EventFrame);
  }
  const [block] = answer.blocks;
  expect(block?.kind === "tool" && [block.output.length < 400_000, block.output.endsWith("1919")]).toEqual([
    true,
    true,
  ]);
});

describe("overlaps", () => {
  const answer = answerOf(WHOLE.slice(0, 6));
  const piece = (seq: number, index: number) =>
    ({ topic: "stream.chunk", seq, ts: 0, data: { ...RUN, content: "x", index } }) as EventFrame;

  test("finds a merged piece of which the first part is there already", () => {
    expect(overlaps(answer, piece(7, 3))).toBe(true);
  });

  test("lets pass what is new, and what is old altogether", () => {
    expect(overlaps(answer, piece(7, 4))).toBe(false);
    expect(overlaps(answer, piece(6, 3))).toBe(false);
    expect(overlaps(answer, WHOLE[6]!)).toBe(false);
  });
});

describe("recordedAnswer", () => {
  const base = { run_id: "run_1", ts: 1, status: "complete", model: null } as const;
  const messages: readonly Message[] = [
    {
      ...base,
      id: "2",
      role: "assistant",
      content: "Let me look.",
      model: "p/m",
      parts: [
        { type: "thinking", text: "Hmm.", duration_ms: 200 },
        { type: "text", text: "Let me look." },
        { type: "tool_call", call_id: "c1", tool: "exec", args: { command: "ls" } },
      ],
    },
    {
      ...base,
      id: "3",
      role: "tool",
      content: "a\nb",
      parts: [{ type: "tool_result", call_id: "c1", tool: "exec", status: "ok", text: "a\nb", duration_ms: 40 }],
    },
    { ...base, id: "4", role: "assistant", content: "Two files.", parts: [{ type: "text", text: "Two files." }] },
  ];
  const run = {
    ...RUN,
    status: "completed",
    model: "p/m",
    usage: USAGE,
    steps: 2,
    created_at: 900,
    started_at: 1000,
    ended_at: 2234,
  } as const;

  test("shows what a tool really got where a plugin changed what was asked, as the live answer does", () => {
    const args = { command: "ls -a" };
    const live = WHOLE.map((event) =>
      event.topic === "stream.tool_end" ? ({ ...event, data: { ...event.data, args } } as EventFrame) : event,
    );
    const [call, { parts: [result] = [], ...about }] = messages as [Message, Message];
    const changed = { ...about, parts: [{ ...(result as ToolResultPart), args }] };
    const argsOf = ({ blocks }: Answer) => blocks.flatMap((block) => (block.kind === "tool" ? [block.args] : []));
    expect([argsOf(answerOf(live)), argsOf(recordedAnswer("run_1", [call, changed], run))]).toEqual([[args], [args]]);
  });

  test("shows the same blocks as the live answer did", () => {
    const shown = (answer: Answer) =>
      answer.blocks.map((block) => ({ ...block, startedAt: null, ...(block.kind === "tool" ? { output: "" } : {}) }));
    const { blocks: _, seq: _seq, index: _index, ...facts } = recordedAnswer("run_1", messages, run);
    expect(shown(recordedAnswer("run_1", messages, run))).toEqual(shown(answerOf(WHOLE)));
    expect(answerOf(WHOLE)).toMatchObject(facts);
  });

  test("a call without a result has no known end once the run is over, and runs before that", () => {
    const cut = messages.slice(0, 1);
    const status = (run_: Parameters<typeof recordedAnswer>[2]) =>
      recordedAnswer("run_1", cut, run_).blocks.find(({ kind }) => kind === "tool");
    expect(status({ ...run, status: "interrupted" })).toMatchObject({ status: "unknown" });
    expect(status({ ...run, status: "running", ended_at: null })).toMatchObject({ status: "running" });
  });

  test("without the run, the last message says how it stands", () => {
    const last = (status: Message["status"]) =>
      recordedAnswer("run_1", [{ ...messages[2]!, status }], undefined).status;
    expect((["complete", "streaming", "interrupted", "failed"] as const).map(last)).toEqual([
      "completed",
      "running",
      "interrupted",
      "failed",
    ]);
  });

  test("what the person added stands where it was added", () => {
    const added: Message = {
      ...base,
      id: "5",
      role: "user",
      content: "And the sizes",
      parts: [{ type: "text", text: "And the sizes" }],
    };
    expect(recordedAnswer("run_1", [messages[2]!, added], run).blocks).toEqual([
      { kind: "text", text: "Two files." },
      { kind: "said", messageIds: ["5"] },
    ]);
  });
});
