/** Files of other programs, as those write them, with what goes wrong in them. */
import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readFiles } from "../../src/import/read-files.ts";
import type { Reading } from "../../src/import/reading.ts";
import type { ImportSource } from "../../src/protocol/imported.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";
import { chatGpt, claudeCode, openClaw } from "../support/foreign-sessions.ts";

async function read(files: Readonly<Record<string, string>>, from?: ImportSource) {
  await using folder = await testFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, name)), { recursive: true });
    writeFileSync(join(folder.path, name), text);
  }
  const readings: Record<string, Reading | undefined> = {};
  for await (const { path, reading } of readFiles(folder.path, from)) {
    readings[path.slice(folder.path.length + 1)] = reading;
  }
  return readings;
}

const at = (seconds: number) => Date.UTC(2026, 0, 2, 3, 4, seconds);

test("readFiles takes a session of Claude Code: the branch that was kept, calls that were made together, what the person said", async () => {
  const { "p/one.jsonl": reading } = await read({ "p/one.jsonl": claudeCode() });
  expect(reading).toEqual({
    source: "claude-code",
    faults: [{ line: 6, message: "not JSON" }],
    leftOut: expect.anything(),
    conversations: [
      {
        id: "0205f437-f816-4704-b6f3-9cf7b060888c",
        title: "Two files read",
        created_at: at(1),
        messages: [
          {
            entry: "u1",
            role: "user",
            parts: [
              { type: "text", text: "Read both" },
              { type: "text", text: "[image/png, not imported]" },
            ],
            status: "complete",
            model: null,
            ts: at(1),
          },
          {
            entry: "a1",
            role: "assistant",
            parts: [
              { type: "thinking", text: "Two calls" },
              { type: "tool_call", call_id: "t1", tool: "Read", args: { file_path: "a" } },
              { type: "tool_call", call_id: "t2", tool: "Read", args: { file_path: "b" } },
            ],
            status: "complete",
            model: "anthropic/claude-x",
            ts: at(2),
          },
          {
            entry: "r1:results",
            role: "tool",
            parts: [{ type: "tool_result", call_id: "t1", tool: "Read", status: "ok", text: "A" }],
            status: "complete",
            model: null,
            ts: at(4),
          },
          {
            entry: "r2:results",
            role: "tool",
            parts: [{ type: "tool_result", call_id: "t2", tool: "Read", status: "error", text: "no such file" }],
            status: "complete",
            model: null,
            ts: at(5),
          },
          {
            entry: "a3",
            role: "assistant",
            parts: [{ type: "text", text: "Done" }],
            status: "complete",
            model: "anthropic/claude-x",
            ts: at(6),
          },
        ],
      },
    ],
  });
  expect(reading?.leftOut.all).toEqual([
    { what: "messages of subagents", count: 1 },
    { what: "messages of branches that were left", count: 1 },
    { what: "files and images", count: 1 },
    { what: "notes of the program itself", count: 1 },
  ]);
});

test("readFiles takes a session of OpenClaw, with its model, its tools and how answers ended", async () => {
  const { "s.jsonl": reading } = await read({ "s.jsonl": openClaw() });
  expect(reading?.faults).toEqual([{ line: 7, message: "a message without content or date" }]);
  expect(reading?.leftOut.all).toEqual([
    { what: "messages of branches that were left", count: 1 },
    { what: "files and images", count: 1 },
    { what: "notes of the program itself", count: 1 },
  ]);
  const [conversation] = reading?.conversations ?? [];
  expect(conversation).toEqual({
    id: "b7300bff-a214-4c11-97ae-eab26883c67a",
    title: "Weather",
    created_at: at(0),
    messages: [
      {
        entry: "m1",
        role: "user",
        parts: [{ type: "text", text: "Rain?" }],
        status: "complete",
        model: null,
        ts: at(1),
      },
      {
        entry: "m3",
        role: "assistant",
        parts: [
          { type: "thinking", text: "Look" },
          { type: "tool_call", call_id: "c1", tool: "web", args: { q: "rain" } },
        ],
        status: "complete",
        model: "local/m-1",
        ts: at(3),
      },
      {
        entry: "m4",
        role: "tool",
        parts: [
          { type: "tool_result", call_id: "c1", tool: "web", status: "ok", text: "yes\n[image/png, not imported]" },
        ],
        status: "complete",
        model: null,
        ts: at(4),
      },
      {
        entry: "m5",
        role: "assistant",
        parts: [{ type: "text", text: "It" }],
        status: "interrupted",
        model: "local/m-1",
        ts: at(5),
      },
    ],
  });
});

test("readFiles takes OpenClaw's oldest form, whose lines have no names", async () => {
  const text = [
    { type: "session", id: "old", timestamp: "2026-01-02T03:04:00.000Z" },
    { type: "message", timestamp: "2026-01-02T03:04:01.000Z", message: { role: "user", content: "Hello" } },
    {
      type: "message",
      timestamp: "2026-01-02T03:04:02.000Z",
      message: { role: "assistant", content: [{ type: "text", text: "Hi" }] },
    },
  ];
  const { "o.jsonl": reading } = await read({ "o.jsonl": text.map((line) => JSON.stringify(line)).join("\n") });
  expect(reading?.conversations[0]?.messages.map(({ entry, role }) => [entry, role])).toEqual([
    ["line-2", "user"],
    ["line-3", "assistant"],
  ]);
});

test("readFiles takes the branch that ChatGPT shows, without what it hides", async () => {
  const { "conversations.json": reading } = await read({ "conversations.json": chatGpt() });
  expect(reading?.faults).toEqual([{ line: undefined, message: "conversation 2 of the file is none" }]);
  expect(reading?.leftOut.all).toEqual([
    { what: "files and images", count: 1 },
    { what: "messages of branches that were left", count: 1 },
  ]);
  expect(reading?.conversations).toEqual([
    {
      id: "conv-1",
      title: "A cat",
      created_at: at(0),
      messages: [
        {
          entry: "n1",
          role: "user",
          parts: [{ type: "text", text: "[image, not imported]\nWhat is this?" }],
          status: "complete",
          model: null,
          ts: at(1),
        },
        {
          entry: "n3",
          role: "assistant",
          parts: [{ type: "text", text: "`python`\n\n```\nlook()\n```" }],
          status: "complete",
          model: "openai/gpt-4",
          ts: at(3),
        },
        {
          entry: "n4:call",
          role: "assistant",
          parts: [{ type: "tool_call", call_id: "n4", tool: "python", args: {} }],
          status: "complete",
          model: null,
          ts: at(3),
        },
        {
          entry: "n4",
          role: "tool",
          parts: [{ type: "tool_result", call_id: "n4", tool: "python", status: "ok", text: "cat" }],
          status: "complete",
          model: null,
          ts: at(3),
        },
        {
          entry: "n5",
          role: "assistant",
          parts: [{ type: "text", text: "A cat" }],
          status: "complete",
          model: "openai/gpt-4",
          ts: at(5),
        },
      ],
    },
  ]);
});

test("readFiles knows files by what is in them, and says which it does not know", async () => {
  const readings = await read({
    "a/claude.jsonl": claudeCode(),
    "a/b/claw.jsonl": `{ broken\n${openClaw()}`,
    "history.jsonl": '{"display":"x"}\n',
    "notes.json": "{}",
    "conversations-001.json": chatGpt(),
    "x.txt": "x",
  });
  expect(Object.fromEntries(Object.entries(readings).map(([name, reading]) => [name, reading?.source]))).toEqual({
    "a/b/claw.jsonl": "openclaw",
    "a/claude.jsonl": "claude-code",
    "conversations-001.json": "chatgpt",
    "history.jsonl": undefined,
  });
  expect(readings["a/b/claw.jsonl"]?.faults[0]).toEqual({ line: 1, message: "not JSON" });
});

test("readFiles cuts a text that is too long, and says so", async () => {
  const line = { type: "user", uuid: "u", parentUuid: null, sessionId: "s", timestamp: "2026-01-02T03:04:05Z" };
  const text = JSON.stringify({ ...line, message: { role: "user", content: "x".repeat(400_010) } });
  const { "l.jsonl": reading } = await read({ "l.jsonl": text });
  const [part] = reading!.conversations[0]!.messages[0]!.parts;
  expect(part && "text" in part ? part.text.slice(399_995) : "").toBe("xxxxx\n[10 more characters were not imported]");
  expect(reading?.leftOut.all).toEqual([{ what: "ends of very long texts", count: 1 }]);
});

test("readFiles goes on before a damaged line with what stands there", async () => {
  const lines = claudeCode().split("\n");
  const { "d.jsonl": reading } = await read({ "d.jsonl": lines.with(2, lines[2]!.slice(0, 30)).join("\n") });
  expect(reading?.faults).toEqual([
    { line: 3, message: "not JSON" },
    { line: 6, message: "not JSON" },
  ]);
  expect(reading?.conversations[0]?.messages[0]?.entry).toBe("u1");
});

test("readFiles refuses what is not there, an archive, and a file of another form than was said", async () => {
  const all = async (path: string, from?: ImportSource) => {
    for await (const _ of readFiles(path, from));
  };
  await using folder = await testFolder();
  const zip = join(folder.path, "export.zip");
  writeFileSync(zip, "PK\x03\x04rest");
  const other = join(folder.path, "other.json");
  writeFileSync(other, "[]");
  expect(await refusal(() => all(join(folder.path, "none")))).toMatchObject({ reason: "not_found" });
  expect(await refusal(() => all(zip))).toMatchObject({
    reason: "invalid_params",
    data: { hint: "Unpack it, and name the folder" },
  });
  expect(await refusal(() => all(other, "chatgpt"))).toMatchObject({
    message: `${other} is not a conversations.json of ChatGPT`,
  });
});
