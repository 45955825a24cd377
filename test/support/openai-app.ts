/** A server whose provider is a fake of OpenAI: it makes pictures and speech, and hears. */
import type { ConfigInput } from "../../src/config/schema.ts";
import { testApp } from "./app.ts";
import { startOpenAiFake } from "./providers/openai.ts";

export async function openAiApp(models: ConfigInput["models"] = {}) {
  await using stack = new AsyncDisposableStack();
  const fake = stack.use(startOpenAiFake());
  const app = stack.use(
    await testApp({
      config: {
        providers: { o: { type: "openai", base_url: fake.url, api_key: "k", models: ["m"] } },
        models: { default: "o/m", ...models },
      },
    }),
  );
  const call = (tool: string, args: Record<string, unknown>) => app.client.call("tool.call", { tool, args });
  const owned = stack.move();
  return { ...app, fake, call, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
