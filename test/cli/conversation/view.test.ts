import { expect, test } from "bun:test";
import { callLabel, RunView } from "../../../src/cli/conversation/view.ts";
import type { EventFrame } from "../../../src/protocol/event-frame.ts";
import type { EventData, Topic } from "../../../src/protocol/events.ts";
import { testTerminal } from "../../support/output.ts";

const run = { run_id: "run_1", session_key: "agent:main:main" };

function frame<T extends Topic>(topic: T, data: Omit<EventData<T>, "run_id" | "session_key">): EventFrame {
  return { topic, seq: 1, ts: 0, data: { ...run, ...data } } as unknown as EventFrame;
}

const chunk = (content: string) => frame("stream.chunk", { content, index: 0 });
const start = (call_id: string, tool: string, args: unknown) => frame("stream.tool_start", { call_id, tool, args });
const end = (call_id: string, tool: string, more: Partial<EventData<"stream.tool_end">> = {}) =>
  frame("stream.tool_end", { call_id, tool, ok: true, status: "ok", duration_ms: 412, ...more });

function show(width: number | undefined, events: readonly EventFrame[], thinking = false) {
  const terminal = testTerminal(width);
  const view = new RunView(terminal, { thinking });
  for (const event of events) view.event(event);
  view.end();
  return terminal;
}

/** What is left on the screen: what was shown for the moment is gone. */
function screen(text: string): string {
  return text
    .split("\n")
    .map((line) => line.split("\r\x1b[K").at(-1))
    .join("\n");
}

test("text on a pipe is what the model said, with one line end", () => {
  const { out, err } = show(undefined, [chunk("Hel"), chunk("lo"), chunk("!")]);
  expect({ out: out.text, err: err.text }).toEqual({ out: "Hello!\n", err: "" });
});

test("a tool call on a pipe is a line beside the text, and the text of two steps does not run together", () => {
  const { out, err } = show(undefined, [
    chunk("First."),
    start("1", "exec", { command: "ls -l" }),
    end("1", "exec"),
    chunk("Second."),
  ]);
  expect({ out: out.text, err: err.text }).toEqual({ out: "First.\n\nSecond.\n", err: "$ ls -l · 0.4 s\n" });
});

test("on a terminal text and tool calls keep clear of each other", () => {
  const events = [
    chunk("First."),
    start("1", "exec", { command: "ls" }),
    end("1", "exec"),
    start("2", "read", { path: "a.md" }),
    end("2", "read", { ok: false, status: "error", error: "There is\nno such file" }),
    chunk("Second.\n"),
  ];
  expect(screen(show(60, events).screen)).toBe(
    "First.\n\n$ ls · 0.4 s\nread a.md · error: There is no such file · 0.4 s\n\nSecond.\n",
  );
});

test("a line of a tool call fits the terminal", () => {
  const events = [
    start("1", "exec", { command: "x".repeat(200) }),
    end("1", "exec"),
    start("2", "exec", { command: "y".repeat(200) }),
    end("2", "exec", { status: "denied", ok: false, error: "n".repeat(200) }),
  ];
  const lines = screen(show(50, events).screen).trimEnd().split("\n");
  expect(lines).toHaveLength(2);
  expect(Math.max(...lines.map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(50);
});

test("nothing that a model or a tool says reaches the terminal as a control sequence", () => {
  const events = [
    chunk("\x1b[2J\x1b]52;c;aGk=\x07"),
    start("1", "ex\x1b[Aec", { command: "ls\r\x1b[K" }),
    end("1", "ex\x1b[Aec", { ok: false, status: "error", error: "\u009b2J" }),
    chunk("a\rb"),
  ];
  const { out, err } = show(undefined, events);
  expect({ out: out.text, err: err.text }).toEqual({
    out: "\\x1b[2J\\x1b]52;c;aGk=\\x07\n\na\\x0db\n",
    err: "$ ls\\x0d\\x1b[K · error: \\x9b2J · 0.4 s\n",
  });
});

test("a line end or a character that comes in two pieces stays one", () => {
  const [high, low] = ["\ud83d", "\udc69"];
  expect(show(undefined, [chunk("a\r"), chunk(`\nb${high}`), chunk(`${low}c`)]).out.text).toBe("a\nb👩c\n");
});

test("thinking is hidden unless it is asked for", () => {
  const events = [frame("stream.thinking", { content: "Hm", index: 0 }), chunk("Yes")];
  expect(screen(show(60, events).screen)).toBe("Yes\n");
  expect(screen(show(60, events, true).screen)).toBe("Hm\n\nYes\n");
  expect(show(undefined, events, true).out.text).toBe("Yes\n");
});

test("what the loop did is a line", () => {
  const trace = (kind: EventData<"stream.agent_trace">["kind"], detail: Record<string, unknown>) =>
    frame("stream.agent_trace", { step: 1, kind, detail });
  const { err } = show(undefined, [
    trace("model", { provider: "a", model: "m" }),
    trace("retry", { provider: "a", model: "m", failure: "overloaded", wait_ms: 1 }),
    trace("failover", { provider: "a", model: "m", failure: "auth", to_provider: "b", to_model: "n" }),
    trace("limit", { limit: "50 steps" }),
    trace("resume", {}),
  ]);
  expect(err.text.split("\n")).toEqual([
    "a/m: overloaded; trying again",
    "a/m: auth; going on with b/n",
    "limit reached: 50 steps",
    "the server was restarted; the run goes on",
    "",
  ]);
});

test.each([
  ["exec", { command: "git status" }, "$ git status"],
  ["read", { path: "a.md", limit: 3 }, "read a.md"],
  ["todo", { items: [] }, "todo"],
  ["time", null, "time"],
  ["write", "not json", "write"],
])("callLabel of %s names what it is about", (tool, args, label) => {
  expect(callLabel(tool, args)).toBe(label);
});
