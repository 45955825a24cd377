import { expect, test } from "bun:test";
import type { Entry } from "../../src/panel/state/timeline.ts";
import type { Message, MessagePart } from "../../src/protocol/message.ts";
import type { Run } from "../../src/protocol/run.ts";
import { createColour } from "../../src/tui/code.ts";
import { createRowsOf, type RowsOptions } from "../../src/tui/conversation-rows.ts";

const OPTIONS: RowsOptions = {
  width: 60,
  turned: new Set(),
  allOpen: false,
  chosen: undefined,
  waiting: new Set(),
  live: () => undefined,
  run: () => undefined,
};

function message(role: Message["role"], parts: MessagePart[], more: Partial<Message> = {}): Message {
  return { id: "m1", role, content: "", parts, run_id: "r1", status: "complete", ts: 0, model: null, ...more };
}

const answer = (...messages: Message[]): Entry => ({ kind: "answer", key: "r:r1", runId: "r1", messages });
const call = (tool: string, args: unknown): MessagePart => ({ type: "tool_call", call_id: "c1", tool, args });
const result = (text: string, status: "ok" | "denied" = "ok"): MessagePart => ({
  type: "tool_result",
  call_id: "c1",
  tool: "x",
  status,
  text,
  duration_ms: 1200,
});

function shown(entry: Entry, more: Partial<RowsOptions> = {}): string[] {
  const rows = createRowsOf(createColour())(entry, { ...OPTIONS, ...more });
  return rows.map(({ line }) =>
    line
      .map(({ text }) => text)
      .join("")
      .trimEnd(),
  );
}

test("a tool call is one line that opens to what was asked and what came", () => {
  const entry = answer(message("assistant", [call("read", { path: "a.txt" })]), message("tool", [result("one\ntwo")]));
  expect(shown(entry)).toEqual(["▸ ✓ read a.txt  1.2 s", ""]);
  expect(shown(entry, { turned: new Set(["r:r1/0"]) })).toEqual([
    "▾ ✓ read a.txt  1.2 s",
    "  │ Asked",
    "  │ {",
    '  │   "path": "a.txt"',
    "  │ }",
    "  │ Result",
    "  │ one",
    "  │ two",
    "",
  ]);
  expect(shown(entry, { allOpen: true })).toEqual(shown(entry, { turned: new Set(["r:r1/0"]) }));
});

test("a change of a file is seen as what goes and what comes", () => {
  const args = { path: "a.txt", edits: [{ old_text: "old", new_text: "new\nmore" }] };
  const entry = answer(message("assistant", [call("edit", args)]), message("tool", [result("Changed")]));
  expect(shown(entry, { allOpen: true }).slice(1, 5)).toEqual(["  │ a.txt", "  │ -old", "  │ +new", "  │ +more"]);
});

test("a long result is cut where it would fill the screen for ever, and says so", () => {
  const long = Array.from({ length: 5000 }, (_, at) => `line ${at}`).join("\n");
  const entry = answer(message("assistant", [call("read", {})]), message("tool", [result(long)]));
  const rows = shown(entry, { allOpen: true });
  expect(rows.length).toBeLessThan(420);
  expect(rows.at(-2)).toMatch(/… \d+ more lines/);
});

test("a denied call, one that waits and one whose end nobody knows say so", () => {
  const asked = message("assistant", [call("exec", { command: "ls\nrm" })]);
  expect(shown(answer(asked, message("tool", [result("No", "denied")])))[0]).toBe("▸ ⊘ exec $ ls ⏎ rm  denied · 1.2 s");
  expect(shown(answer(asked))[0]).toBe("▸ ? exec $ ls ⏎ rm  unknown");
  expect(shown(answer(asked), { waiting: new Set(["c1"]) })[0]).toBe("▸ ? exec $ ls ⏎ rm  waits for you");
});

test("thinking is folded, and interrupted answers say so", () => {
  const entry = answer(
    message(
      "assistant",
      [
        { type: "thinking", text: "Hm.", duration_ms: 1500 },
        { type: "text", text: "Half" },
      ],
      {
        status: "interrupted",
        model: "fake/m",
      },
    ),
  );
  expect(shown(entry)).toEqual([
    "▸ Thought for 1.5 s",
    "",
    "Half",
    "Interrupted: the server stopped while this was written",
    "fake/m",
    "",
  ]);
});

test("a failed answer says why, and the next step", () => {
  const failed: Run = {
    run_id: "r1",
    session_key: "agent:main:main",
    status: "failed",
    model: null,
    steps: 1,
    error: { reason: "config_invalid", message: "KEY is not set", hint: "Set it where the server starts" },
    created_at: 0,
    started_at: 0,
    ended_at: 0,
  };
  expect(shown(answer(), { run: () => failed })).toEqual([
    "Failed: KEY is not set",
    "Set it where the server starts",
    "",
  ]);
});

test("rows are made anew only where something changed", () => {
  const rowsOf = createRowsOf(createColour());
  const entry = answer(message("assistant", [call("read", {}), { type: "text", text: "Done" }]));
  const first = rowsOf(entry, OPTIONS);
  expect(rowsOf(structuredEntry(entry), OPTIONS)).toBe(first);
  expect(rowsOf(entry, { ...OPTIONS, turned: new Set(["r:other/0"]) })).toBe(first);
  expect(rowsOf(entry, { ...OPTIONS, turned: new Set(["r:r1/0"]) })).not.toBe(first);
  expect(rowsOf(entry, { ...OPTIONS, width: 20 })).not.toBe(first);
});

/** Another entry of the same messages, as the timeline makes them with each event. */
function structuredEntry(entry: Entry): Entry {
  return { ...entry };
}

test("what a person wrote stands behind a bar, with its files, and says that it waits", () => {
  const entry: Entry = {
    kind: "user",
    key: "m:m1",
    queuedRun: "r2",
    message: message("user", [
      { type: "text", text: "Look **here**\nand there" },
      { type: "media", media_id: "x", mime: "text/plain", name: "a.txt", size: 2000 },
    ]),
  };
  expect(shown(entry)).toEqual(["▌ Look **here**", "▌ and there", "▌ [a.txt, 2.0 kB]", "▌ waits its turn", ""]);
});
