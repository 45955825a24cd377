import { describe, expect, test } from "bun:test";
import { conversation } from "../support/conversation.ts";
import { startAnthropicFake } from "../support/providers/anthropic.ts";
import type { FakeRequest, ProviderFake } from "../support/providers/fake.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";

/** What a vendor's cache sees, in its order; marks of where to cache are not part of it. */
function cached({ body }: FakeRequest): string {
  const { tools, system, messages } = body;
  return JSON.stringify([tools, system, ...messages], (key, value: unknown) =>
    key === "cache_control" ? undefined : value,
  );
}

/** Of the bytes of each request, how many the next one begins with. */
function sharedShares(requests: readonly FakeRequest[]): number[] {
  const texts = requests.map((request) => Buffer.from(cached(request)));
  return texts.slice(1).map((next, index) => {
    const before = texts[index]!;
    let same = 0;
    while (same < before.length && before[same] === next[same]) same++;
    return same / before.length;
  });
}

const PROVIDERS: Readonly<Record<string, readonly [() => ProviderFake, string]>> = {
  "OpenAI's form": [startOpenAiFake, "openai-compatible"],
  "Anthropic's form": [startAnthropicFake, "anthropic"],
};

for (const [name, [start, type]] of Object.entries(PROVIDERS)) {
  describe(`the prompt cache, in ${name}`, () => {
    test("consecutive turns, with facts in the memory and calls of tools, share 95 % of their bytes from the beginning", async () => {
      await using fake = start();
      let turn = 0;
      fake.answer(({ body }) => {
        const isResult = JSON.stringify(body.messages.at(-1)).includes("tool_");
        if (isResult || ++turn % 2 === 0) return `Answer ${turn}: it is as it was.`;
        return [{ tool_call: { id: `call_${turn}`, name: "time", args: {} } }];
      });
      await using t = await conversation({
        fake,
        config: { providers: { fake: { type, base_url: fake.url, api_key: "k", models: ["m"] } } },
      });
      await t.client.call("memory.store", { content: "The person lives in Graz" });
      for (let question = 0; question < 12; question++) {
        await t.client.call("session.send", { message: `Question ${question}: what is the time in Graz?` });
      }
      const shares = sharedShares(fake.requests);
      expect(shares.length).toBeGreaterThan(15);
      expect(shares.filter((share) => share < 0.95)).toEqual([]);
    }, 60_000);
  });
}
