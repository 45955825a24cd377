/** Service, channel, provider and routes of a real plugin in a process of its own, run by the compiled executable. */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeCodePlugin } from "../support/approved-plugin.ts";
import { startServer, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { openRawSocket, type RawEvent } from "../support/raw-socket.ts";
import { until } from "../support/until.ts";

const MANIFEST = `
[permissions]
env = ["HOOK_SECRET"]

[[services]]
name = "watch"
description = "Watches"
start_handler = "startWatch"
stop_handler = "stopWatch"
auto_start = true

[[channels]]
name = "chat"
description = "A chat"
connect_handler = "connectChat"
disconnect_handler = "disconnectChat"
send_handler = "sendChat"

[[providers]]
name = "llama"
description = "Local models"
list_models_handler = "listModels"
chat_handler = "handleChat"
stream_handler = "handleStream"
embed_handler = "handleEmbed"

[[http_routes]]
method = "POST"
path = "/webhooks/github"
handler = "onGithub"
auth = "signature"
signature = { header = "x-hub-signature-256", prefix = "sha256=", secret = "HOOK_SECRET" }

[[http_routes]]
method = "POST"
path = "/say"
handler = "onSay"

[[http_routes]]
method = "GET"
path = "/state"
handler = "onState"
auth = "public"

[[http_routes]]
method = "POST"
path = "/crash"
handler = "onCrash"
`;

const CODE = `
import { createServer, notify } from "@aleph/plugin-sdk";
const state = { service: "none", channel: null, sent: [], deliveries: [] };
const lastUser = ({ messages }) => messages.at(-1).content[0].text;
createServer({
  name: "all",
  services: {
    startWatch: ({ service }) => { state.service = service; },
    stopWatch: () => { state.service = "stopped"; },
  },
  channels: {
    chat: {
      connect: ({ config }) => { state.channel = config; },
      disconnect: () => { state.channel = null; },
      send: ({ conversation, text }) => ({ id: String(state.sent.push([conversation, text])) }),
    },
  },
  providers: {
    llama: {
      listModels: () => ({ models: ["small", { id: "big", context_window: 8192 }] }),
      chat: () => { throw new Error("streams only"); },
      async *stream(call) {
        if (call.model === "big") {
          yield { type: "error", failure: "auth", message: "Key is not valid", status: 401 };
          return;
        }
        for (const word of ["You ", "said: "]) yield { type: "text", text: word };
        yield { type: "text", text: lastUser(call) };
        yield { type: "usage", usage: { input: 7, output: 3 } };
        yield { type: "finish", reason: "stop" };
      },
      embed: ({ texts }) => ({ vectors: texts.map((text) => [text.length, 1]), input_tokens: texts.length }),
    },
  },
  routes: {
    onGithub: ({ headers, body }) => {
      state.deliveries.push([headers["x-github-event"], JSON.parse(body).zen]);
      return { status: 202, body: { ok: true } };
    },
    onSay: ({ body }) => {
      notify("channel.message", { channel: "chat", conversation: "C01", ...JSON.parse(body) });
      return {};
    },
    onState: () => ({ body: state, headers: { "set-cookie": "a=b", "x-state": "1" } }),
    onCrash: () => process.exit(3),
  },
}).start();
`;

testExecutable(
  "a plugin's service, channel, provider and routes stand beside those of the executable",
  async () => {
    await using folder = await testFolder();
    writeFileSync(
      join(folder.path, "config.toml"),
      '[models]\ndefault = "llama/small"\n[interfaces.chat]\nallow_from = ["U1"]\ndm_policy = "allowlist"\nbot_token = "env:BOT_TOKEN"\n',
    );
    await writeCodePlugin(join(folder.path, "plugins"), "all", { manifest: MANIFEST, code: CODE });
    const env = { BOT_TOKEN: "b-123456", HOOK_SECRET: "h-123456" };
    await using server = await startServer({ home: folder.path, env });
    using socket = await openRawSocket(server.url, server.token);
    const events: RawEvent[] = [];
    socket.onEvent = (event) => void events.push(event);
    await socket.call("events.subscribe", { pattern: "**" });
    const count = (topic: string) => events.filter((event) => event.topic === topic).length;
    const authorization = `Bearer ${server.token}`;
    const ask = (line: string, body?: unknown, headers: Record<string, string> = { authorization }) => {
      const [method = "", path = ""] = line.split(" ");
      return fetch(server.url + path, {
        method,
        headers: { "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
    };
    const state = async () => (await ask("GET /plugins/all/state", undefined, {})).json();

    // Before its owner has approved it, it is not there: not for strangers, who are not told, and not for the owner.
    expect((await ask("GET /plugins/all/state", undefined, {})).status).toBe(401);
    expect((await ask("GET /plugins/all/state")).status).toBe(404);
    expect(await socket.call<object>("services.list")).toEqual({ services: [] });
    await socket.call("plugins.approve", { id: "all" });
    await until(() => count("service.started") === 1 && events.some(({ data }) => data.interface === "chat"));

    expect(await socket.call<object>("services.status", { name: "watch" })).toMatchObject({
      name: "watch",
      plugin_id: "all",
      state: "running",
      error: null,
    });
    const page = await ask("GET /plugins/all/state", undefined, {});
    expect(await page.json()).toEqual({
      service: "watch",
      channel: { bot_token: "b-123456" },
      sent: [],
      deliveries: [],
    });
    expect([page.headers.get("set-cookie"), page.headers.get("x-state")]).toEqual([null, "1"]);
    expect(page.headers.get("content-security-policy")).toContain("sandbox");

    // Provider: in runs, under /v1, listed, embedded, and failing as one of ours.
    expect((await socket.call<{ text: string }>("session.send", { message: "hello" })).text).toBe("You said: hello");
    const { models } = await socket.call<{ models: { ref: string }[] }>("models.list");
    expect(models.map(({ ref }) => ref)).toEqual(["llama/small", "llama/big"]);
    const messages = [{ role: "user", content: "hi" }];
    const completion = await ask("POST /v1/chat/completions", { model: "llama/small", messages });
    expect(await completion.json()).toMatchObject({
      choices: [{ message: { content: "You said: hi" } }],
      usage: { prompt_tokens: 7, completion_tokens: 3 },
    });
    const streamed = await ask("POST /v1/chat/completions", { model: "llama/small", messages, stream: true });
    expect((await streamed.text()).match(/"content":"[^"]*"/g)?.join("")).toContain('"said: "');
    const embedded = await ask("POST /v1/embeddings", { model: "llama/small", input: ["abc"] });
    expect(await embedded.json()).toMatchObject({ data: [{ embedding: [3, 1] }] });
    const failed = await ask("POST /v1/chat/completions", { model: "llama/big", messages });
    expect([failed.ok, (await failed.json()).error.message]).toEqual([
      false,
      'Provider "llama" failed: Key is not valid',
    ]);

    // Channel: who is named is answered, who is not is refused.
    for (const sender of ["U2", "U1"]) await ask("POST /plugins/all/say", { sender, text: `I am ${sender}`, id: "m1" });
    await ask("POST /plugins/all/say", { sender: "U1", text: "I am U1", id: "m1" });
    const { sent } = await until(async () => {
      const now = await state();
      return now.sent.length > 0 && now;
    });
    expect(sent).toEqual([["C01", "You said: I am U1"]]);
    expect(await socket.call<object>("interface.status", { interface: "chat" })).toMatchObject({
      state: "running",
      refused: 1,
    });
    expect(await socket.call<object>("interface.send", { interface: "chat", target: "C02", message: "x" })).toEqual({
      interface: "chat",
      target: "C02",
      message_id: "2",
    });

    // A delivery as GitHub makes it, and one that somebody else made.
    const body = '{"zen": "Keep it logically awesome."}';
    const digest = new Bun.CryptoHasher("sha256", env.HOOK_SECRET).update(body).digest("hex");
    const deliver = (signature: string) =>
      ask("POST /plugins/all/webhooks/github", body, {
        "x-github-event": "ping",
        "x-hub-signature-256": signature,
        "user-agent": "GitHub-Hookshot/1",
      });
    expect((await deliver(`sha256=${digest}`)).status).toBe(202);
    expect((await deliver(`sha256=${digest.replace(/./, "x")}`)).status).toBe(401);
    expect((await state()).deliveries).toEqual([["ping", "Keep it logically awesome."]]);

    // Another version takes its place: what ran is stopped in the old one, and goes on in the new one.
    await socket.call("plugins.reload", { id: "all" });
    await until(() => count("service.started") === 2);
    await until(async () => (await state()).channel !== null);
    expect([count("service.stopped"), (await state()).service]).toEqual([1, "watch"]);
    expect(server.output()).not.toContain("could not be stopped");

    // Its process ends: the caller is told, and what ran is started again.
    expect((await ask("POST /plugins/all/crash")).status).toBe(502);
    await until(() => count("service.failed") === 1 && count("interface.error") === 1);
    await until(() => count("service.started") === 3);
    await until(async () => (await state()).channel !== null);

    expect(await socket.call<object>("services.stop", { name: "all/watch" })).toMatchObject({ state: "stopped" });
    expect((await state()).service).toBe("stopped");
    await socket.call("plugins.disable", { id: "all" });
    await until(async () => (await ask("GET /plugins/all/state")).status === 404);
    await until(async () => (await socket.call<{ services: unknown[] }>("services.list")).services.length === 0);
    expect((await socket.call<{ models: { ref: string }[] }>("models.list")).models.map(({ ref }) => ref)).toEqual([
      "demo/demo",
    ]);
  },
  60_000,
);
