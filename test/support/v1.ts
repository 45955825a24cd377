/** A server in front of fakes of two vendors, for tests of `/v1`. */
import type { ConfigInput } from "../../src/config/schema.ts";
import { type TestApp, testApp } from "./app.ts";
import { startAnthropicFake } from "./providers/anthropic.ts";
import type { ProviderFake } from "./providers/fake.ts";
import { startOpenAiFake } from "./providers/openai.ts";

export interface V1 extends AsyncDisposable {
  readonly app: TestApp;
  /** `oa/test-model`, whose own format is Chat Completions. */
  readonly openai: ProviderFake;
  /** `an/test-model`, whose own format is Messages. */
  readonly anthropic: ProviderFake;
  /** `http://127.0.0.1:…/v1` */
  readonly url: string;
  post(path: string, body: unknown, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response>;
}

export async function startV1(config: ConfigInput = {}): Promise<V1> {
  await using stack = new AsyncDisposableStack();
  const openai = stack.use(startOpenAiFake({ key: "sk-openai-fake" }));
  const anthropic = stack.use(startAnthropicFake({ key: "sk-anthropic-fake" }));
  const app = stack.use(
    await testApp({
      config: {
        ...config,
        providers: {
          oa: { type: "openai-compatible", base_url: openai.url, api_key: "sk-openai-fake", models: ["test-model"] },
          an: { type: "anthropic", base_url: anthropic.url, api_key: "sk-anthropic-fake", models: ["test-model"] },
          ...config.providers,
        },
        models: { default: "oa/test-model", ...config.models },
      },
    }),
  );
  const owned = stack.move();
  const url = `${app.url}/v1`;
  return {
    app,
    openai,
    anthropic,
    url,
    post: (path, body, headers = {}, signal) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${app.token}`, "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...(signal ? { signal } : {}),
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
