/** Providers made by others: one server that speaks the formats of several vendors, and Aleph in front of it. */
import { LLMock } from "@copilotkit/aimock";
import { type TestApp, testApp } from "./app.ts";

export interface Mocked extends AsyncDisposable {
  readonly mock: LLMock;
  readonly app: TestApp;
  /** Aleph's own address, without `/v1`. */
  readonly url: string;
}

/** What stands behind a model decides who is asked in its own format, and for whom a request is translated. */
export const MODELS = {
  "Chat Completions and Responses": "oa/gpt-4o",
  "Chat Completions": "oc/gpt-4o",
  Messages: "an/claude-sonnet-4-5",
} as const;

export async function startMocked(): Promise<Mocked> {
  await using stack = new AsyncDisposableStack();
  const mock = new LLMock({ port: 0, logLevel: "silent" });
  mock.onMessage("hello", { content: "Hello from the other side, said in more than one chunk" });
  mock.onMessage("what is this", { content: "A red square" });
  mock.on(
    { userMessage: "weather", hasToolResult: false },
    {
      toolCalls: [
        { id: "call_paris", name: "get_weather", arguments: '{"city":"Paris"}' },
        { id: "call_rome", name: "get_weather", arguments: '{"city":"Rome"}' },
      ],
    },
  );
  mock.on({ userMessage: "weather", hasToolResult: true }, { content: "Paris is sunny, Rome is not" });
  mock.onMessage("a person as JSON", { content: '{"name":"Ada","age":36}' });
  mock.onImage("a red square", { images: [{ b64Json: PNG }] });
  mock.onTranscription({ transcription: { text: "Spoken words" } });
  mock.onEmbedding("a text", { embedding: [0.25, -0.5, 1] });
  mock.onMessage(
    "slowly",
    { content: "one two three four five six seven eight nine ten" },
    { latency: 200, chunkSize: 4 },
  );
  stack.defer(() => mock.stop());
  await mock.start();
  const app = stack.use(
    await testApp({
      config: {
        providers: {
          oa: { type: "openai", base_url: `${mock.url}/v1`, api_key: "sk-fake-openai" },
          oc: { type: "openai-compatible", base_url: `${mock.url}/v1`, api_key: "sk-fake-other" },
          an: { type: "anthropic", base_url: mock.url, api_key: "sk-fake-anthropic" },
        },
      },
    }),
  );
  const owned = stack.move();
  return { mock, app, url: app.url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** A red square. */
export const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
