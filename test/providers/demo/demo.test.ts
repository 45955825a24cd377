/** The scripted provider: what it says of itself, and its walks through the tools. */
import { describe, expect, test } from "bun:test";
import type { ModelMessage, ModelToolCall, StreamPart, ToolSpec } from "../../../src/sdk/provider.ts";
import { collect, joined, never, openProvider, requestOf } from "../../support/providers/open.ts";

const ALL = ["read", "write", "edit", "list", "glob", "grep", "exec", "web_fetch", "todo", "time"];

const toolsOf = (names: readonly string[]): ToolSpec[] =>
  names.map((name) => ({ name, description: name, parameters: { type: "object" } }));

const user = (text: string): ModelMessage => ({ role: "user", content: [{ type: "text", text }] });

interface Turn {
  readonly text: string;
  readonly calls: readonly ModelToolCall[];
}

async function reply(messages: readonly ModelMessage[], names: readonly string[] = ALL): Promise<Turn> {
  const demo = await openProvider("demo", { delay_ms: 0 });
  const { parts, error } = await collect(demo.stream(requestOf({ messages, tools: toolsOf(names) }), never));
  expect(error).toBeUndefined();
  return {
    text: parts.map((part) => (part.type === "text" ? part.text : "")).join(""),
    calls: parts.filter((part) => part.type === "tool_call"),
  };
}

/** Plays the agent: answers each call with what `result` says, until there are no more calls. */
async function walk(
  text: string,
  names: readonly string[] = ALL,
  result: (call: ModelToolCall) => { ok: boolean; text: string } = ({ tool }) => ({
    ok: true,
    text: `result of ${tool}`,
  }),
): Promise<{ texts: string[]; calls: (readonly [string, unknown])[] }> {
  const messages: ModelMessage[] = [
    user("before"),
    { role: "assistant", content: [{ type: "text", text: "Hi" }] },
    user(text),
  ];
  const walked = { texts: [] as string[], calls: [] as (readonly [string, unknown])[] };
  for (let turn = 0; turn < 20; turn++) {
    const { text: said, calls } = await reply(messages, names);
    walked.texts.push(said);
    messages.push({ role: "assistant", content: [{ type: "text", text: said }, ...calls] });
    if (calls.length === 0) break;
    for (const call of calls) {
      walked.calls.push([call.tool, call.args]);
      const { ok, text: answer } = result(call);
      messages.push({
        role: "tool",
        call_id: call.call_id,
        tool: call.tool,
        ok,
        content: [{ type: "text", text: answer }],
      });
    }
  }
  return walked;
}

test("demo says that it is a script and how to add a model, whatever it is asked", async () => {
  for (const text of ["help", "What is the capital of France?", ""]) {
    const { text: said, calls } = await reply([user(text)]);
    expect(said).toContain("not a language model");
    for (const way of ["aleph wizard", "ANTHROPIC_API_KEY", "Ollama", "`demo files`"]) expect(said).toContain(way);
    expect(calls).toEqual([]);
  }
});

test("demo admits that it cannot answer", async () => {
  expect((await reply([user("What is the capital of France?")])).text).toStartWith("I cannot answer that");
});

test("demo walks through one call of each kind", async () => {
  const { calls, texts } = await walk("Demo!");
  expect(calls).toEqual([
    ["time", {}],
    [
      "todo",
      {
        action: "set",
        items: [
          { text: "Try the demo", status: "done" },
          { text: "Add a real model", status: "pending" },
        ],
      },
    ],
    ["write", { path: "aleph-demo.md", content: "# Demo\n\nThe demo provider of Aleph wrote this file.\n" }],
    ["read", { path: "aleph-demo.md" }],
    ["exec", { command: "ls -l" }],
    ["exec", { command: "mkdir -p aleph-demo" }],
    ["web_fetch", { url: "https://example.com/" }],
  ]);
  expect(texts[1]).toContain("It is result of time");
  expect(texts.at(-1)).toContain("That was the walk");
});

test("demo files writes, reads, edits and lists", async () => {
  const { calls } = await walk("demo files");
  expect(calls.map(([tool]) => tool)).toEqual(["write", "read", "edit", "list"]);
});

test("demo calls the tool that it is told to call, and quotes what it gave back", async () => {
  const { calls, texts } = await walk('call weather_today {"place": "Köln", "n": {"a": [1]}}', ["weather_today"]);
  expect(calls).toEqual([["weather_today", { place: "Köln", n: { a: [1] } }]]);
  expect(texts).toEqual(["I call `weather_today`, as you say.", "It gave back:\n\n> result of weather_today"]);
  expect((await walk("call time")).calls).toEqual([["time", {}]]);
  expect((await walk("call time", ["time"], () => ({ ok: false, text: "No clock" }))).texts.at(-1)).toBe(
    "That did not work: No clock",
  );
});

test("demo calls a tool beneath which a plugin noted something, and quotes content from outside without its marks", async () => {
  const asked = user("call time\n\n[New on GitHub]");
  const { calls } = await reply([asked]);
  expect(calls.map(({ tool }) => tool)).toEqual(["time"]);
  const content = [{ type: "text", text: "[Content from outside]\nnoon\n[End]" }] as const;
  const result = { role: "tool", call_id: "c", tool: "time", ok: true, untrusted: true, content } as const;
  expect((await reply([asked, { role: "assistant", content: calls }, result])).text).toBe("It gave back:\n\n> noon");
});

test("demo calls nothing that is not there, and nothing with what is no JSON", async () => {
  expect(await walk("call other {}", ["time", "todo"])).toEqual({
    texts: ["This session has no tool `other`. It has `time`, `todo`."],
    calls: [],
  });
  expect(await walk("call time {place}")).toEqual({
    texts: ["What stands behind `time` is no JSON object."],
    calls: [],
  });
});

test("demo quotes what a tool gave back, and no more than a few lines of it", async () => {
  const long = Array.from({ length: 50 }, (_, index) => `line ${index}`).join("\n");
  const { texts } = await walk("demo exec", ALL, () => ({ ok: true, text: long }));
  expect(texts[1]).toContain("> line 0\n> line 1");
  expect(texts[1]).not.toContain("line 9");
});

test("demo says so when a tool failed or a person denied it", async () => {
  const { texts } = await walk("demo exec", ALL, ({ args }) =>
    JSON.stringify(args).includes("mkdir")
      ? { ok: false, text: "Denied by the person" }
      : { ok: false, text: "No such program" },
  );
  expect(texts[1]).toContain("That did not work: No such program");
  expect(texts[2]).toContain("It did not run: Denied by the person");
});

describe("demo in a session with few tools", () => {
  test("offers only the walks that have tools", async () => {
    const { text } = await reply([user("help")], ["time"]);
    expect([text.includes("`demo time`"), text.includes("`demo files`")]).toEqual([true, false]);
    expect((await reply([user("help")], [])).text).not.toContain("`demo");
  });

  test("leaves the other steps out and says which", async () => {
    const { calls, texts } = await walk("demo", ["time", "read"]);
    expect(calls.map(([tool]) => tool)).toEqual(["time", "read"]);
    expect(texts[0]).toContain("I leave out `todo`, `write`, `exec`, `web_fetch`");
  });

  test("says that there is nothing to show", async () => {
    const { texts, calls } = await walk("demo web", ["time"]);
    expect([texts, calls]).toEqual([["This session has none of the tools that `demo web` shows."], []]);
  });
});

test("demo streams in small pieces, with usage of nothing", async () => {
  const demo = await openProvider("demo", { delay_ms: 0 });
  const { parts } = await collect(demo.stream(requestOf({ messages: [user("help")], thinking: "low" }), never));
  const texts = parts.filter((part) => part.type === "text");
  expect(texts.length).toBeGreaterThan(20);
  const joinedParts: StreamPart[] = joined(parts);
  expect(joinedParts.map(({ type }) => type)).toEqual(["thinking", "text", "usage", "finish"]);
  expect(joinedParts[2]).toEqual({ type: "usage", usage: { input: 0, output: 0, cache_read: 0, cache_write: 0 } });
});

test("demo stops when its signal aborts", async () => {
  const demo = await openProvider("demo", { delay_ms: 1000 });
  const controller = new AbortController();
  const outcome = collect(
    (async function* () {
      for await (const part of demo.stream(requestOf({ messages: [user("help")] }), controller.signal)) {
        controller.abort();
        yield part;
      }
    })(),
  );
  const { parts, error } = await outcome;
  expect([parts.length, error?.reason]).toEqual([1, "cancelled"]);
});
