/** What a plugin adds to the agent, with a real plugin in a process of its own, run by the compiled executable. */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeCodePlugin } from "../support/approved-plugin.ts";
import { startServer, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { openRawSocket, type RawEvent, type RpcError } from "../support/raw-socket.ts";
import { until } from "../support/until.ts";

const MANIFEST = `
[[tools]]
name = "weather"
description = "Tells the weather"
handler = "onWeather"
instruction_file = "WEATHER.md"
[tools.parameters]
type = "object"
required = ["city"]
additionalProperties = false
[tools.parameters.properties.city]
type = "string"
pattern = "^[A-Z]"

[[hooks]]
event = "before_tool_call"
kind = "interceptor"
priority = "high"
handler = "onBefore"
timeout_ms = 1000

[[hooks]]
event = "after_tool_call"
kind = "interceptor"
handler = "onAfter"

[[hooks]]
event = "on_message"
kind = "interceptor"
handler = "onMessage"

[[hooks]]
event = "on_response"
kind = "interceptor"
handler = "onResponse"

[[hooks]]
event = "on_error"
kind = "resolver"
handler = "onError"

[[hooks]]
event = "on_response"
kind = "observer"
handler = "onSeen"

[[commands]]
name = "seen"
description = "Tells what was seen"
handler = "onSeenCommand"
`;

const CODE = `
import { createServer } from "@aleph/plugin-sdk";
const seen = [];
createServer({
  name: "guide",
  tools: { weather: async ({ city }) => ({ text: "Sun in " + city + ", key sk-4711" }) },
  hooks: {
    onBefore(context) {
      if (context.toolName === "write") throw new Error("Tool blocked by security policy");
      if (context.toolName === "time") for (;;) {}
      context.args.city = context.args.city?.replace("Oslo", "Rome");
      return context;
    },
    onAfter: (context) => ({ ...context, result: context.result.replace("sk-4711", "[redacted]") }),
    onMessage(context) {
      if (context.message.includes("forbidden")) throw new Error("Not that word");
      return { ...context, message: context.message.replace("please ", "") };
    },
    onResponse: (context) => ({ ...context, response: context.response.replace("darn", "****") }),
    onError: ({ error }) => "The model is away (" + error.reason + ")",
    onSeen: ({ response }) => void seen.push(response),
  },
  commands: { seen: ({ words }) => ({ seen, words }) },
}).start();
`;

testExecutable(
  "a plugin's tools, hooks and commands are part of every run of the executable",
  async () => {
    await using folder = await testFolder();
    await using fake = startOpenAiFake();
    writeFileSync(
      join(folder.path, "config.toml"),
      `[models]\ndefault = "fake/m"\n[providers.fake]\ntype = "openai-compatible"\nbase_url = "${fake.url}"\nmodels = ["m"]\n`,
    );
    const files = { "WEATHER.md": "Name the city in English." };
    await writeCodePlugin(join(folder.path, "plugins"), "guide", { manifest: MANIFEST, code: CODE, files });
    await using server = await startServer({ home: folder.path });
    using socket = await openRawSocket(server.url, server.token);
    const events: RawEvent[] = [];
    socket.onEvent = (event) => void events.push(event);
    await socket.call("events.subscribe", { pattern: "**" });
    const send = (message: string) => socket.call<{ text: string; run_id: string }>("session.send", { message });
    const refusal = (work: Promise<unknown>) =>
      work.then(
        () => undefined,
        (thrown: RpcError) => ({ code: thrown.failure.code, message: thrown.failure.message }),
      );
    const call = (name: string, args: object) => [{ tool_call: { id: "c1", name, args } }];
    const results = () =>
      events.filter(({ topic }) => topic === "stream.tool_end").map(({ data }) => data.result ?? data.error);

    // Before its owner has approved it, it is not there.
    expect(await refusal(socket.call("plugins.executeCommand", { plugin_id: "guide", command: "seen" }))).toMatchObject(
      {
        code: -32003,
      },
    );
    await socket.call("plugins.approve", { id: "guide" });

    fake.reply(call("weather", { city: "Oslo" }), "That is darn good");
    expect((await send("please tell me")).text).toBe("That is **** good");
    const [first, second] = fake.requests;
    expect(first!.body.messages[0].content).toContain('The tool "weather":\n\nName the city in English.');
    expect(first!.body.messages.at(-1).content).toBe("tell me");
    expect(second!.body.messages.at(-1).content).toContain("\nSun in Rome, key [redacted]\n");
    const shown = events.filter(({ topic }) => topic === "stream.chunk").map(({ data }) => data.content);
    expect(shown).toEqual(["That is **** good"]);

    fake.reply(call("weather", { city: "oslo" }), "I see");
    await send("again");
    expect(results().at(-1)).toContain('- "city": must match pattern "^[A-Z]"');

    fake.reply(call("write", { path: "a.txt", content: "x" }), "I may not");
    await send("write");
    expect(results().at(-1)).toBe(
      'Plugin "guide" refused this call: Tool blocked by security policy. Do not try it in another way',
    );
    expect(await Bun.file(join(folder.path, "workspaces/main/a.txt")).exists()).toBe(false);

    expect(await refusal(send("a forbidden word"))).toEqual({
      code: -32002,
      message: 'Plugin "guide" refused the message: Not that word',
    });

    fake.reply({ status: 400, message: "No" });
    expect(await refusal(send("fail"))).toMatchObject({ message: "The model is away (provider_error)" });

    const seen = async () => (JSON.parse((await send("/seen a b")).text) as { seen: string[] }).seen;
    expect(await seen()).toEqual(["That is **** good", "I see", "I may not"]);
    const { messages } = await socket.call<{ messages: { role: string; content: string }[] }>("session.history", {
      session_key: "agent:main:main",
    });
    expect(messages.slice(-2).map(({ role, content }) => [role, content.slice(0, 9)])).toEqual([
      ["user", "/seen a b"],
      ["assistant", '{"seen":['],
    ]);

    // A check that never ends blocks the call. Its process is killed; while it pauses, nothing passes unchecked.
    fake.reply(call("time", {}));
    fake.answer(() => "Here");
    await refusal(send("time"));
    expect(results().at(-1)).toStartWith('Plugin "guide" could not check this call: It took longer than 1000 ms');
    expect((await until(() => send("still there?").catch(() => undefined))).text).toBe("Here");
    expect((await seen()).at(-1)).toBe("Here");
  },
  60_000,
);
