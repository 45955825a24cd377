/** A server whose only provider is a fake that the test scripts. */
import type { ConfigInput } from "../../src/config/schema.ts";
import { type TestApp, testApp } from "./app.ts";
import type { ProviderFake } from "./providers/fake.ts";
import { startOpenAiFake } from "./providers/openai.ts";

export const MAIN = "agent:main:main";

export interface Conversation extends TestApp {
  readonly fake: ProviderFake;
}

export interface ConversationOptions {
  readonly config?: ConfigInput;
  readonly home?: string;
  /** A fake that outlives the server, for restarts. */
  readonly fake?: ProviderFake;
  readonly now?: () => number;
}

export async function conversation({ config = {}, home, fake, now }: ConversationOptions = {}): Promise<Conversation> {
  await using stack = new AsyncDisposableStack();
  const provider = fake ?? stack.use(startOpenAiFake());
  const app = stack.use(
    await testApp({
      ...(home ? { home } : {}),
      ...(now ? { now } : {}),
      config: {
        providers: { fake: { type: "openai-compatible", base_url: provider.url, api_key: "k", models: ["m"] } },
        ...config,
        models: { default: "fake/m", ...config.models },
      },
    }),
  );
  const owned = stack.move();
  return { ...app, fake: provider, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
