/** The types of the SDK are those of the server: what one side gives, the other takes. The compiler looks at most of it. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import type * as Sdk from "../../../plugins/sdk/index.js";
import { createServer, notify } from "../../../plugins/sdk/index.js";
import packageJson from "../../../plugins/sdk/package.json";
import type { HookContexts } from "../../../src/sdk/hook.ts";
import type * as Channel from "../../../src/sdk/plugin-channel.ts";
import type * as Provider from "../../../src/sdk/plugin-provider.ts";
import type * as Route from "../../../src/sdk/plugin-route.ts";
import type * as Service from "../../../src/sdk/plugin-service.ts";

/** `true` when a value of the first may stand for one of the second. */
type Fits<A, B> = [A] extends [B] ? true : false;
type Same<A, B> = Fits<A, B> extends true ? Fits<B, A> : false;

const shapes: {
  readonly beforeToolCall: Same<HookContexts["before_tool_call"], Sdk.BeforeToolCall>;
  readonly afterToolCall: Fits<HookContexts["after_tool_call"], Sdk.AfterToolCall>;
  readonly onMessage: Same<HookContexts["on_message"], Sdk.OnMessage>;
  readonly onResponse: Same<HookContexts["on_response"], Sdk.OnResponse>;
  readonly onError: Same<HookContexts["on_error"], Sdk.OnError>;
  readonly service: Same<Service.PluginServiceCall, Sdk.ServiceCall>;
  readonly serviceFailed: Same<Service.PluginServiceFailed, Sdk.ServiceFailed>;
  readonly connect: Same<Channel.PluginChannelConnect, Sdk.ChannelConnect>;
  readonly disconnect: Same<Channel.PluginChannelDisconnect, Sdk.ChannelDisconnect>;
  readonly send: Same<Channel.PluginChannelSend, Sdk.ChannelSend>;
  readonly sent: Same<Channel.PluginChannelSent, Sdk.ChannelSent>;
  readonly message: Same<Channel.PluginChannelMessage, Sdk.ChannelMessage>;
  readonly closed: Same<Channel.PluginChannelClosed, Sdk.ChannelClosed>;
  readonly providerCall: Same<Provider.PluginProviderCall, Sdk.ProviderCall>;
  readonly chat: Fits<Provider.PluginChatCall, Sdk.ChatCall>;
  readonly part: Same<Sdk.ReplyPart, Provider.PluginReplyPart>;
  readonly reply: Same<Sdk.ChatReply, Provider.PluginChatReply>;
  readonly models: Same<Sdk.ModelsReply, Provider.PluginModelsReply>;
  readonly embed: Same<Provider.PluginEmbedCall, Sdk.EmbedCall>;
  readonly embedded: Same<Sdk.EmbedReply, Provider.PluginEmbedReply>;
  readonly request: Same<Route.PluginHttpRequest, Sdk.HttpRequest>;
  readonly answer: Same<Sdk.HttpAnswer, Route.PluginHttpAnswer>;
} = {
  beforeToolCall: true,
  afterToolCall: true,
  onMessage: true,
  onResponse: true,
  onError: true,
  service: true,
  serviceFailed: true,
  connect: true,
  disconnect: true,
  send: true,
  sent: true,
  message: true,
  closed: true,
  providerCall: true,
  chat: true,
  part: true,
  reply: true,
  models: true,
  embed: true,
  embedded: true,
  request: true,
  answer: true,
};

test("the SDK's types are the server's", () => {
  expect(Object.values(shapes)).not.toContain(false);
});

test("the SDK outside of Aleph says that it is outside", () => {
  const server = createServer({ name: "p", tools: { a: () => 1 } });
  expect(server.name).toBe("p");
  expect(() => server.start()).toThrow(
    "start() works in a plugin that Aleph runs; in a test, call the handlers themselves",
  );
  expect(() => notify("topic")).toThrow("notify() works in a plugin that Aleph runs");
  expect(() => createServer(null as never)).toThrow("createServer needs an object");
});

test("the SDK's package has the files that it names", async () => {
  const folder = join(import.meta.dir, "../../../plugins/sdk");
  const exported = Object.values(packageJson.exports["."]).map((path) => path.replace("./", ""));
  for (const file of [...packageJson.files, ...exported]) {
    expect([file, await Bun.file(join(folder, file)).exists()]).toEqual([file, true]);
  }
});
