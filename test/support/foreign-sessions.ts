/** Files as OpenClaw, Claude Code and ChatGPT write them, each with a branch that was left and something to leave out. */

const time = (seconds: number) => new Date(Date.UTC(2026, 0, 2, 3, 4, seconds)).toISOString();
const lines = (values: readonly (object | string)[]) =>
  values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join("\n");

export function claudeCode(session = "0205f437-f816-4704-b6f3-9cf7b060888c"): string {
  const common = { sessionId: session, version: "2.1.12", cwd: "/p", isSidechain: false, userType: "external" };
  const user = (uuid: string, parentUuid: string | null, seconds: number, content: unknown, more: object = {}) => ({
    ...common,
    type: "user",
    uuid,
    parentUuid,
    timestamp: time(seconds),
    message: { role: "user", content },
    ...more,
  });
  const assistant = (uuid: string, parentUuid: string, seconds: number, id: string, content: unknown) => ({
    ...common,
    type: "assistant",
    uuid,
    parentUuid,
    timestamp: time(seconds),
    message: { id, role: "assistant", model: "claude-x", content: [content], usage: { input_tokens: 1 } },
  });
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AA==" } };
  return lines([
    { type: "summary", summary: "Two files read", leafUuid: "a3" },
    { type: "file-history-snapshot", messageId: "u1", snapshot: {} },
    user("u0", null, 0, "This was written otherwise"),
    user("u1", null, 1, [{ type: "text", text: "Read both" }, image]),
    assistant("a1", "u1", 2, "msg_1", { type: "thinking", thinking: "Two calls", signature: "sealed" }),
    '{"type":"user","uuid":"cut',
    assistant("a2", "a1", 2, "msg_1", { type: "tool_use", id: "t1", name: "Read", input: { file_path: "a" } }),
    assistant("a2b", "a2", 3, "msg_1", { type: "tool_use", id: "t2", name: "Read", input: { file_path: "b" } }),
    user("r1", "a2", 4, [{ type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "A" }] }]),
    user("r2", "a2b", 5, [{ type: "tool_result", tool_use_id: "t2", content: "no such file", is_error: true }]),
    user("s1", "r2", 5, "From a subagent", { isSidechain: true }),
    user("x1", "r2", 5, "<system>note</system>", { isMeta: true }),
    assistant("a3", "x1", 6, "msg_2", { type: "text", text: "Done" }),
  ]);
}

export function openClaw(id = "b7300bff-a214-4c11-97ae-eab26883c67a"): string {
  const entry = (type: string, id: string, parentId: string | null, seconds: number, more: object) => ({
    type,
    id,
    parentId,
    timestamp: time(seconds),
    ...more,
  });
  const message = (id: string, parentId: string | null, seconds: number, message: object) =>
    entry("message", id, parentId, seconds, { message: { timestamp: Date.parse(time(seconds)), ...message } });
  const model = { api: "openai-completions", provider: "local", model: "m-1", usage: {} };
  return lines([
    { type: "session", version: 3, id, timestamp: time(0), cwd: "/w" },
    entry("model_change", "k1", null, 0, { provider: "local", modelId: "m-1" }),
    message("m1", "k1", 1, { role: "user", content: "Rain?" }),
    message("m2", "m1", 2, { role: "assistant", content: [{ type: "text", text: "Another try" }], ...model }),
    message("m3", "m1", 3, {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "Look" },
        { type: "toolCall", id: "c1", name: "web", arguments: { q: "rain" } },
      ],
      stopReason: "toolUse",
      ...model,
    }),
    message("m4", "m3", 4, {
      role: "toolResult",
      toolCallId: "c1",
      toolName: "web",
      content: [
        { type: "text", text: "yes" },
        { type: "image", data: "AA==", mimeType: "image/png" },
      ],
      isError: false,
    }),
    entry("message", "bad", "m4", 4, { message: "none" }),
    entry("compaction", "z1", "bad", 4, { summary: "Rain", firstKeptEntryId: "m3", tokensBefore: 9 }),
    entry("session_info", "i1", "z1", 4, { name: "Weather" }),
    message("m5", "i1", 5, {
      role: "assistant",
      content: [{ type: "text", text: "It" }],
      stopReason: "aborted",
      ...model,
    }),
  ]);
}

export function chatGpt(): string {
  const seconds = (count: number) => Date.parse(time(count)) / 1000;
  const node = (id: string, parent: string | null, children: readonly string[], message: object | null) => ({
    id,
    parent,
    children,
    message: message && {
      id: `message-${id}`,
      status: "finished_successfully",
      metadata: {},
      recipient: "all",
      ...message,
    },
  });
  const said = (role: string, text: unknown, at: number | null, more: object = {}) => ({
    author: { role, name: null, metadata: {} },
    create_time: at === null ? null : seconds(at),
    content: { content_type: "text", parts: Array.isArray(text) ? text : [text] },
    ...more,
  });
  const slug = { metadata: { model_slug: "gpt-4" } };
  const mapping = {
    root: node("root", null, ["n0"], null),
    n0: node(
      "n0",
      "root",
      ["n1"],
      said("system", "", null, { metadata: { is_visually_hidden_from_conversation: true } }),
    ),
    n1: node("n1", "n0", ["n2", "n3"], {
      ...said("user", "", 1),
      content: {
        content_type: "multimodal_text",
        parts: [{ content_type: "image_asset_pointer", asset_pointer: "file-service://f" }, "What is this?"],
      },
    }),
    n2: node("n2", "n1", [], said("assistant", "A dog", 2, slug)),
    n3: node("n3", "n1", ["n4"], {
      ...said("assistant", "", 3, slug),
      recipient: "python",
      content: { content_type: "code", language: "python", text: "look()" },
    }),
    n4: node("n4", "n3", ["n5"], {
      ...said("tool", "", null),
      author: { role: "tool", name: "python" },
      content: { content_type: "execution_output", text: "cat" },
    }),
    n5: node("n5", "n4", [], said("assistant", "A cat", 5, slug)),
  };
  return JSON.stringify([
    { id: "conv-1", conversation_id: "conv-1", title: "A cat", create_time: seconds(0), current_node: "n5", mapping },
    { title: "none" },
  ]);
}
