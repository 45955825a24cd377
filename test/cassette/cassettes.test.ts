import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Line } from "../../src/cassette/cassette.ts";
import { collectEvents } from "../support/app.ts";
import { type Conversation, conversation, MAIN } from "../support/conversation.ts";
import type { ProviderFake } from "../support/providers/fake.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { until } from "../support/until.ts";

const record = { debug: { record: true } };

function cassetteOf(t: Conversation, runId: string): string {
  return join(t.home.logs, "cassettes", `${runId}.jsonl`);
}

function linesOf(t: Conversation, runId: string): Line[] {
  const text = readFileSync(cassetteOf(t, runId), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

async function send(t: Conversation, message: string, more: object = {}): Promise<string> {
  const { run_id } = await t.client.call("agent.run", { message, ...more });
  await t.client.call("runs.wait", { run_id });
  return run_id;
}

/** A conversation whose fallback is another provider. */
async function conversationWith(second: ProviderFake): Promise<Conversation> {
  const t = await conversation({ config: { ...record, models: { fallbacks: ["other/n"] } } });
  await t.client.call("config.patch", {
    patch: { providers: { other: { type: "openai-compatible", base_url: second.url, models: ["n"] } } },
  });
  return t;
}

const same = { differences: [], compared_events: true };

describe("a recorded run", () => {
  test("is played again offline with the same text and events, tools included, and nothing is done twice", async () => {
    await using t = await conversation({ config: record });
    t.fake.reply("An earlier answer");
    await send(t, "An earlier question");
    t.fake.reply(
      ["I lóok. ", { tool_call: { id: "c1", name: "write", args: { path: "a.txt", content: "once" } } }],
      [
        { thinking: "Hm. " },
        { tool_call: { id: "c2", name: "read", args: { path: "a.txt" } } },
        { tool_call: { id: "c3", name: "list", args: {} } },
      ],
      ["It says ", "once."],
    );
    const run_id = await send(t, "What is in it?", { thinking: "low" });
    t.fake.reply("A later answer");
    await send(t, "A later question");
    await Bun.write(join(t.home.workspaces, "main", "a.txt"), "changed");
    const asked = t.fake.journal.length;
    const replay = await t.client.call("runs.replay", { run_id });
    expect(replay).toMatchObject({ run_id, status: "completed", text: "It says once.", ...same });
    const { events } = await t.client.call("runs.events", { run_id });
    const shown = (topic: string) => (list: readonly { topic: string; data: object }[]) =>
      list.filter((event) => event.topic === topic).map(({ data }) => data);
    expect(shown("stream.chunk")(replay.events)).toEqual(shown("stream.chunk")(events));
    expect(replay.events.map(({ topic }) => topic)).toEqual(events.map(({ topic }) => topic));
    expect(t.fake.journal).toHaveLength(asked);
    expect(await Bun.file(join(t.home.workspaces, "main", "a.txt")).text()).toBe("changed");
    const { messages } = await t.client.call("session.history", { session_key: MAIN });
    expect(messages.filter(({ role }) => role === "user")).toHaveLength(3);
  });

  test("is played again with its retries and failover, without waiting", async () => {
    await using second = startOpenAiFake();
    await using t = await conversationWith(second);
    t.fake.reply({ status: 500, message: "out" }, { status: 500, message: "out" }, { steps: ["half a "], end: "cut" });
    second.reply("sentence");
    const run_id = await send(t, "go");
    const run = await t.client.call("runs.get", { run_id });
    expect(run).toMatchObject({ status: "completed", text: "half a sentence" });
    const began = performance.now();
    expect(await t.client.call("runs.replay", { run_id })).toMatchObject({ text: "half a sentence", ...same });
    expect(performance.now() - began).toBeLessThan(400);
  });

  test("is played again with a provider that was paused for what it did before", async () => {
    await using second = startOpenAiFake();
    await using t = await conversationWith(second);
    t.fake.reply({ status: 402, message: "no credit left" });
    second.reply("for the first", ["for ", { tool_call: { name: "time", args: {} } }], "the second");
    await send(t, "one");
    const run_id = await send(t, "two");
    expect(linesOf(t, run_id).filter(({ type }) => type === "paused")).toEqual([
      { type: "paused", provider: "fake" },
      { type: "paused", provider: "fake" },
    ]);
    expect(await t.client.call("runs.replay", { run_id })).toMatchObject({ text: "the second", ...same });
  });

  test("is played again as it failed and as it was cancelled", async () => {
    await using t = await conversation({ config: record });
    t.fake.reply({ status: 401, message: "wrong key" });
    const failed = await send(t, "one");
    expect(await t.client.call("runs.replay", { run_id: failed })).toMatchObject({ status: "failed", ...same });
    t.fake.reply({ steps: ["so far"], end: "silence" });
    const events = await collectEvents(t.client);
    const { run_id } = await t.client.call("agent.run", { message: "two" });
    await events.until(({ topic }) => topic === "stream.chunk");
    await t.client.call("agent.cancel", { run_id });
    expect(await t.client.call("runs.replay", { run_id })).toMatchObject({
      status: "cancelled",
      text: "so far",
      ...same,
    });
  });

  test("is played again with what was steered in", async () => {
    await using t = await conversation({ config: record });
    const gate = Promise.withResolvers<void>();
    t.fake.reply([{ tool_call: { name: "time", args: {} } }, { wait: gate.promise }], "done");
    const events = await collectEvents(t.client);
    const { run_id } = await t.client.call("agent.run", { message: "first" });
    await events.until(({ topic }) => topic === "agent.started");
    await t.client.call("agent.steer", { run_id, message: "and this" });
    gate.resolve();
    await t.client.call("runs.wait", { run_id });
    expect(linesOf(t, run_id).some(({ type }) => type === "steered")).toBe(true);
    expect(await t.client.call("runs.replay", { run_id })).toMatchObject({ text: "done", ...same });
  });

  test("is played again after a restart and after the session was cleared", async () => {
    await using fake = startOpenAiFake();
    await using first = await conversation({ config: record, fake });
    fake.reply("one", "two");
    await send(first, "1");
    const run_id = await send(first, "2");
    await first.client.call("session.clear", { session_key: MAIN });
    await first.app[Symbol.asyncDispose]();
    await using t = await conversation({ fake, home: first.home.path });
    expect(await t.client.call("runs.replay", { run_id })).toMatchObject({ text: "two", ...same });
  });

  test("reports the first thing that is asked otherwise", async () => {
    await using t = await conversation({ config: record });
    t.fake.reply("fine");
    const run_id = await send(t, "go");
    const path = cassetteOf(t, run_id);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace('"text":"go"', '"text":"gone"').replace('"text":"fine"', '"text":"fire"'));
    const { differences } = await t.client.call("runs.replay", { run_id });
    expect(differences.map(({ where, path: at, recorded, replayed }) => [where, at, recorded, replayed])).toEqual([
      ["request 1", "request.messages.0.content.0.text", "gone", "go"],
      ["text", "", "fine", "fire"],
      ["event 3", "data.content", "fine", "fire"],
    ]);
  });

  test("reports a tool call that is not in the recording, and goes on", async () => {
    await using t = await conversation({ config: record });
    t.fake.reply(
      [{ tool_call: { id: "c1", name: "time", args: {} } }, { tool_call: { id: "c2", name: "list", args: {} } }],
      "done",
    );
    const run_id = await send(t, "go");
    const path = cassetteOf(t, run_id);
    const recorded = readFileSync(path, "utf8");
    writeFileSync(path, recorded.replace('{"type":"tool","call_id":"c1"', '{"type":"tool","call_id":"c9"'));
    const { status, text, differences } = await t.client.call("runs.replay", { run_id });
    expect([status, text]).toEqual(["completed", "done"]);
    expect(differences.map(({ where }) => where)).toEqual(["tool call c1", "recording", "request 2", "event 5"]);
    writeFileSync(
      path,
      recorded.replace('"tool":"list","args":{},"outcome"', '"tool":"list","args":{"path":"x"},"outcome"'),
    );
    const other = await t.client.call("runs.replay", { run_id });
    expect<unknown>(other.differences).toEqual([{ where: "tool call c2", path: "args.path", recorded: "x" }]);
  });

  test("reports a request that is not in the recording", async () => {
    await using t = await conversation({ config: record });
    t.fake.reply([{ tool_call: { id: "c1", name: "time", args: {} } }], "done");
    const run_id = await send(t, "go");
    const path = cassetteOf(t, run_id);
    const lines = readFileSync(path, "utf8").split("\n");
    const second = lines.findIndex((line) => line.includes('"type":"request","call":2'));
    writeFileSync(path, `${lines.slice(0, second).join("\n")}\n`);
    const { status, differences } = await t.client.call("runs.replay", { run_id });
    expect(status).toBe("failed");
    expect(differences[0]).toMatchObject({ where: "request to fake", replayed: "request" });
  });
});

describe("a recording", () => {
  test("is made of a run that asks for it, and of no other", async () => {
    await using t = await conversation();
    t.fake.reply("a", "b");
    const plain = await send(t, "a");
    const recorded = await send(t, "b", { record: true });
    expect(readdirSync(join(t.home.logs, "cassettes"))).toEqual([`${recorded}.jsonl`]);
    expect(statSync(cassetteOf(t, recorded)).mode & 0o777).toBe(0o600);
    const refused = await t.client.call("runs.replay", { run_id: plain }).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ reason: "not_found", message: `Run "${plain}" was not recorded` });
    const types = linesOf(t, recorded).map(({ type }) => type);
    expect([...new Set(types)]).toEqual(["run", "order", "name", "request", "part", "end"]);
  });

  test("is not made of an ephemeral session, nor of a run that asks for none", async () => {
    await using t = await conversation({ config: record });
    t.fake.reply("a", "b");
    await send(t, "a", { session_key: "agent:main:ephemeral:x" });
    await send(t, "b", { record: false });
    expect(existsSync(join(t.home.logs, "cassettes"))).toBe(false);
  });

  test("holds no secret, whole or in pieces, of any side", async () => {
    const canaries = {
      header: "header-canary-000001",
      env: "env-canary-0000000002",
      key: "k-canary-00000000003",
      shape: "sk-canary0000000000000004",
      piece: "sk-canary0000000000000005",
      arg: "plain-arg-canary-0006",
      file: "ghp_canary00000000000000007",
    };
    await using fake = startOpenAiFake();
    await using t = await conversation({
      fake,
      config: {
        ...record,
        providers: {
          fake: {
            type: "openai-compatible",
            base_url: fake.url,
            api_key: canaries.key,
            headers: { "x-custom": canaries.header },
            models: ["m"],
          },
        },
      },
    });
    await Bun.write(join(t.home.workspaces, "main", "notes.txt"), `${canaries.file} ${canaries.header}`);
    fake.reply(
      [
        `Your key is ${canaries.key} and `,
        ...canaries.piece.match(/.{1,5}/g)!,
        " so",
        { tool_call: { id: "c1", name: "read", args: { path: "notes.txt" } } },
        { tool_call: { id: "c2", name: "write", args: { path: "b", content: "x", password: canaries.arg } } },
      ],
      "done",
    );
    const run_id = await send(t, `Remember ${canaries.shape} and ${t.token} and ${canaries.header}`);
    const text = readFileSync(cassetteOf(t, run_id), "utf8");
    for (const canary of [...Object.values(canaries), t.token]) expect(text).not.toContain(canary);
    // Nor when all that was streamed is joined.
    const joined = linesOf(t, run_id)
      .map((line) => (line.type === "part" && line.part.type === "text" ? line.part.text : ""))
      .join("");
    expect(joined).toStartWith("Your key is [masked] and [masked] so");
    expect(text).toContain("[masked]");
    // It says as much as before where nothing is secret: all else is the same.
    expect(await t.client.call("runs.replay", { run_id })).toMatchObject({ text: "done", ...same });
  });

  test("names media by digest and does not hold them", async () => {
    await using t = await conversation({ config: record });
    t.fake.reply("a picture");
    const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const run_id = await send(t, "see", { attachments: [{ mime: "image/png", data: png }] });
    const request = linesOf(t, run_id).find((line) => line.type === "request");
    expect(request).toMatchObject({
      request: {
        messages: [
          {
            content: [
              {
                type: "media",
                mime: "image/png",
                data: { bytes: 70, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
              },
              { type: "text", text: "see" },
            ],
          },
        ],
      },
    });
    expect(await t.client.call("runs.replay", { run_id })).toMatchObject(same);
  });

  test("is asked with the files that its provider reads by itself, as without a recording", async () => {
    await using openai = startOpenAiFake();
    await using t = await conversation({ config: { ...record, models: { default: "reader/m" } } });
    const reader = { type: "openai", base_url: openai.url, api_key: "k", models: ["m"] };
    await t.client.call("config.patch", { patch: { providers: { reader } } });
    openai.reply("read", "read");
    const attachments = [{ mime: "application/pdf", data: Buffer.from("%PDF-1.4").toString("base64") }];
    const run_id = await send(t, "see", { attachments });
    await send(t, "see", { attachments, record: false, session_key: "agent:main:other" });
    const [recorded, plain] = openai.journal.map(({ body }) => (body as { messages: unknown[] }).messages.at(-1));
    expect(recorded).toMatchObject({ content: expect.arrayContaining([expect.objectContaining({ type: "file" })]) });
    expect(recorded).toEqual(plain);
    expect(await t.client.call("runs.replay", { run_id })).toMatchObject({ text: "read", ...same });
  });

  test("that the disk does not take leaves the run alone, and the log says so", async () => {
    await using t = await conversation({ config: record });
    writeFileSync(join(t.home.logs, "cassettes"), "in the way");
    t.fake.reply("fine");
    const run_id = await send(t, "go");
    expect(await t.client.call("runs.get", { run_id })).toMatchObject({ status: "completed", text: "fine" });
    expect(t.logs.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
      "the run is not recorded any further",
    ]);
  });

  test("goes with its session, and no other does", async () => {
    await using t = await conversation({ config: record });
    t.fake.reply("a", "b");
    const gone = await send(t, "a", { session_key: "agent:main:chat:a" });
    const kept = await send(t, "b");
    writeFileSync(join(t.home.logs, "cassettes", "note.txt"), "mine");
    await t.client.call("session.delete", { session_key: "agent:main:chat:a" });
    await until(() => !existsSync(cassetteOf(t, gone)));
    expect(readdirSync(join(t.home.logs, "cassettes")).toSorted()).toEqual(["note.txt", `${kept}.jsonl`]);
  });

  test("is not read from elsewhere, nor when it is damaged or of another version", async () => {
    await using t = await conversation({ config: record });
    const refused = (run_id: string) => t.client.call("runs.replay", { run_id }).catch((thrown: unknown) => thrown);
    expect(await refused("../../aleph.db")).toMatchObject({ reason: "not_found" });
    t.fake.reply("a");
    const run_id = await send(t, "a");
    const path = cassetteOf(t, run_id);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace('"version":1', '"version":2'));
    expect(await refused(run_id)).toMatchObject({ reason: "conflict" });
    writeFileSync(path, `${text}{"type":`);
    expect(await refused(run_id)).toMatchObject({
      reason: "conflict",
      message: expect.stringContaining("damaged at line"),
    });
  });
});
