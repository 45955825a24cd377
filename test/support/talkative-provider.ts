/** A provider whose model calls a tool in each turn and takes its time: something is under way at every moment. */

import type { ProviderFake, Step } from "./providers/fake.ts";
import { startOpenAiFake } from "./providers/openai.ts";

export interface TalkativeProvider extends AsyncDisposable {
  readonly url: string;
  /** What config.toml needs for it. */
  readonly config: string;
}

const SLOWEST_STEP_MS = 6;
/** Long enough that the database folds its WAL now and then. */
const LONG = 60_000;

export function startTalkativeProvider(random: () => number): TalkativeProvider {
  const fake: ProviderFake = startOpenAiFake();
  let calls = 0;
  const slowly = (texts: readonly string[]): Step[] =>
    texts.flatMap((text) => [{ text }, { wait: Bun.sleep(random() * SLOWEST_STEP_MS) }]);
  fake.answer(({ body }) => {
    const last = body.messages.at(-1);
    if (last.role === "tool")
      return slowly(["The ", "tool ", "has ", "answered, ", "and ", "this ", "is ", "the ", "end."]);
    const id = `call_${++calls}`;
    const tools = [
      { id, name: "time", args: {} },
      { id, name: "write", args: { path: `${id}.txt`, content: "x".repeat(LONG) } },
      { id, name: "todo", args: { action: "set", items: [{ text: id, status: "done" }] } },
    ];
    return [...slowly(["Let ", "me ", "see. "]), { tool_call: tools[calls % tools.length]! }];
  });
  return {
    url: fake.url,
    config: [
      "[providers.fake]",
      'type = "openai-compatible"',
      `base_url = "${fake.url}"`,
      'api_key = "fake"',
      'models = ["test-model"]',
      "",
      "[models]",
      'default = "fake/test-model"',
      "",
      // It talks faster than a person may.
      "[limits.rate]",
      "run = 0",
      "",
    ].join("\n"),
    [Symbol.asyncDispose]: () => fake[Symbol.asyncDispose](),
  };
}
