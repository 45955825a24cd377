/** Kinds of providers that come and go while the server runs, and answer without a table too. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { ProviderTable } from "../../../src/config/schema.ts";
import { providers } from "../../../src/providers/index.ts";
import { pluggedType } from "../../../src/providers/plugged/adapter.ts";
import { Protocols } from "../../../src/providers/protocols.ts";
import type { AnyProviderType } from "../../../src/sdk/provider.ts";
import { testPlugin } from "../../support/active-plugin.ts";
import { testFolder } from "../../support/folder.ts";
import { createModels } from "../../support/providers/models.ts";
import { collect, never, requestOf, silentLog } from "../../support/providers/open.ts";

/** A kind whose models all answer with its own name. */
function kindOf(name: string, models: readonly string[] = ["m"]): () => Promise<AnyProviderType> {
  const plugin = testPlugin({
    handlers: {
      list: () => ({ models }),
      async *stream(args: { provider: string; config: object }) {
        yield { type: "text", text: `${name} as ${args.provider} with ${JSON.stringify(args.config)}` };
        yield { type: "finish", reason: "stop" };
      },
    },
  });
  const declared = { name, description: name, listModelsHandler: "list", chatHandler: "chat", streamHandler: "stream" };
  return async () => pluggedType(plugin, declared);
}

async function setUp(tables: Record<string, ProviderTable> = {}) {
  const folder = await testFolder();
  const protocols = new Protocols({ folder: join(folder.path, "protocols"), builtIn: providers, log: silentLog });
  let asked = 0;
  /** What plugins there are is known once it was asked. */
  let kinds: Record<string, () => Promise<AnyProviderType>> = {};
  const models = createModels({
    providers: tables,
    options: {
      types: protocols.types,
      async plugged() {
        asked++;
        protocols.plug(kinds);
        return protocols.plugged;
      },
    },
  });
  return {
    models,
    protocols,
    folder: folder.path,
    asked: () => asked,
    set(next: typeof kinds) {
      kinds = next;
    },
    async say(name: string) {
      const { provider, model } = await models.resolve(name);
      const { parts, error } = await collect((await models.open(provider)).stream(requestOf({ model }), never));
      return error?.message ?? parts.map((part) => (part.type === "text" ? part.text : "")).join("");
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

describe("a plugin's kind of provider", () => {
  test("answers under its own name without a table, and is listed and told of", async () => {
    await using t = await setUp();
    t.set({ llama: kindOf("llama", ["small", "big"]) });
    expect(await t.say("llama/big")).toBe("llama as llama with {}");
    expect(await t.say("small")).toBe("llama as llama with {}");
    expect((await t.models.list()).models.map(({ ref }) => ref)).toEqual(["llama/small", "llama/big"]);
    const { providers: told, types, default: byDefault } = await t.models.describe();
    expect([types.at(-1), byDefault, told]).toEqual([
      "llama",
      "llama/small",
      [
        {
          id: "llama",
          type: "llama",
          base_url: null,
          from: "plugin",
          has_key: false,
          keys_from: [],
          models: [],
          retry_in_ms: 0,
          resting_keys: [],
        },
      ],
    ]);
  });

  test("is the kind of tables that name it, or that have its name", async () => {
    await using t = await setUp({ mine: { type: "llama", url: "http://a" }, llama: { url: "http://b" } });
    t.set({ llama: kindOf("llama") });
    expect(await t.say("mine/m")).toBe('llama as mine with {"url":"http://a"}');
    expect(await t.say("llama/m")).toBe('llama as llama with {"url":"http://b"}');
    expect((await t.models.list()).models.map(({ ref }) => ref)).toEqual(["mine/m", "llama/m"]);
    expect((await t.models.resolve("default")).ref).toBe("mine/m");
    expect((await t.models.testTable("llama", { url: "http://c" }, never)).ok).toBe(true);
  });

  test("goes when its plugin goes, and is another one when that was replaced", async () => {
    await using t = await setUp();
    t.set({ llama: kindOf("first") });
    expect(await t.say("llama/m")).toBe("first as llama with {}");
    t.set({ llama: kindOf("second", ["n"]) });
    expect(await t.say("llama/m")).toBe("second as llama with {}");
    expect((await t.models.list()).models.map(({ ref }) => ref)).toEqual(["llama/n"]);
    t.set({});
    expect(t.say("llama/m")).rejects.toThrow('Model "llama/m" is not known');
    expect((await t.models.list()).models.map(({ ref }) => ref)).toEqual(["demo/demo"]);
  });

  test("is not asked for where the config's own answer", async () => {
    await using t = await setUp({ own: { type: "demo" } });
    await t.models.resolve("own/demo");
    await t.models.resolve("default");
    await t.models.open("own");
    expect(t.asked()).toBe(0);
  });

  test("comes behind a built-in kind and a protocol adapter of its name", async () => {
    await using t = await setUp();
    const [demo, acme] = [kindOf("demo"), kindOf("acme")];
    t.set({ demo, acme });
    expect(await t.say("demo/demo")).toStartWith("I cannot answer that");
    expect(await t.say("acme/m")).toBe("acme as acme with {}");
    expect(t.protocols.plugged).toEqual(["acme"]);

    const file = join(t.folder, "protocols", "acme.toml");
    await Bun.write(file, 'extends = "openai-compatible"\nbase_url = "http://127.0.0.1:9/v1"\n');
    await t.protocols.refresh();
    expect([t.protocols.plugged, t.protocols.types.acme === acme]).toEqual([[], false]);
    await t.models.list();
    expect(t.protocols.types.acme === acme).toBe(false);
    await Bun.file(file).delete();
    await t.protocols.refresh();
    expect([t.protocols.plugged, t.protocols.types.acme === acme]).toEqual([["acme"], true]);
    t.set({});
    await t.models.list();
    expect(Object.keys(t.protocols.types)).toEqual(Object.keys(providers));
  });
});
