/** A memory over a database and a workspace of its own, with a fake model, and vectors where a test wants them. */
import { join } from "node:path";
import type { Config } from "../../src/config/schema.ts";
import { maskPieces } from "../../src/lib/mask.ts";
import { Memory } from "../../src/memory/memory.ts";
import type { Identity } from "../../src/protocol/identity.ts";
import type { MessagePart } from "../../src/protocol/message.ts";
import { appendMessage } from "../../src/session/messages.ts";
import { ensureSession } from "../../src/session/sessions.ts";
import { createStores } from "../../src/session/stores.ts";
import { openStore } from "../../src/store/store.ts";
import { Ledger } from "../../src/usage/ledger.ts";
import { startEmbeddings } from "./embeddings.ts";
import { testFolder } from "./folder.ts";
import { testLog } from "./log.ts";
import { configOf, createModels } from "./providers/models.ts";
import { startOpenAiFake } from "./providers/openai.ts";

export const OWNER: Identity = { id: "owner", kind: "owner" };
export const MAIN = "agent:main:main";

export interface TestMemoryOptions {
  /** Groups of words that mean the same; without it there are no vectors. */
  readonly vectors?: readonly (readonly string[])[];
  readonly settings?: {
    readonly enabled?: boolean;
    readonly file?: boolean;
    readonly recall?: Partial<Config["memory"]["recall"]>;
    readonly extract?: Partial<Config["memory"]["extract"]>;
  };
  /** Secrets by their value. */
  readonly secrets?: readonly string[];
  readonly now?: () => number;
  /** A model that is no fake: `demo/demo`. */
  readonly model?: string;
}

export async function testMemory({ vectors, settings = {}, secrets = [], ...options }: TestMemoryOptions = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const fake = stack.use(startOpenAiFake());
  const embeddings = vectors ? stack.use(startEmbeddings(vectors)) : undefined;
  const { log, entries } = testLog();
  const database = join(folder.path, "aleph.db");
  const store = stack.use(openStore(database, { log }));
  const tables = {
    fake: { type: "openai-compatible", base_url: fake.url, models: ["m"] },
    ...(embeddings ? { vectors: { type: "openai-compatible", base_url: embeddings.url, models: ["v"] } } : {}),
  };
  const names = { default: options.model ?? "fake/m", ...(embeddings ? { embedding: "vectors/v" } : {}) };
  const base = configOf({ providers: tables, models: names });
  const config: Config = {
    ...base,
    memory: {
      ...base.memory,
      ...settings,
      recall: { ...base.memory.recall, wait_ms: 10_000, ...settings.recall },
      extract: { ...base.memory.extract, ...settings.extract },
    },
  };
  const models = createModels({ providers: tables, models: names });
  const now = options.now ?? Date.now;
  const monotonic = () => performance.now();
  const usage = stack.use(new Ledger({ store, config: () => config, log, now, timeZone: () => "UTC" }));
  const stores = createStores(store, () => store);
  const memory = stack.use(
    new Memory({
      store,
      stores,
      database,
      models,
      usage,
      config: () => config,
      workspace: (agent) => join(folder.path, "workspaces", agent),
      mask: async (text) => maskPieces([text], secrets)[0]!,
      log,
      now,
      monotonic,
    }),
  );
  let ts = 1000;
  const owned = stack.move();
  return {
    memory,
    store,
    fake,
    embeddings: embeddings!,
    usage,
    config,
    file: join(folder.path, "workspaces", "main", "MEMORY.md"),
    warned: () => entries.filter(({ level }) => level === "warn").map(({ message }) => message),
    /** What the person asks to be remembered. */
    remember: (content: string, more: Partial<Parameters<Memory["store"]>[2]> = {}) =>
      memory.store("main", OWNER, { content, source: "person", trusted: true, ...more }),
    search: async (query: string, more: { readonly limit?: number; readonly filter?: Record<string, string> } = {}) =>
      (await memory.search("main", OWNER, { query, limit: 5, ...more }, new AbortController().signal)).facts.map(
        ({ content }) => content,
      ),
    recall: (question: string, sessionKey = MAIN, identity = OWNER) =>
      memory.recall({ runId: "run_0", sessionKey, identity, question }, new AbortController().signal),
    say: (role: "user" | "assistant" | "tool", part: MessagePart | string, key = MAIN) =>
      stores.of(key).write((db) => {
        const { id } = ensureSession(db, key, "owner", ts);
        const parts: MessagePart[] = [typeof part === "string" ? { type: "text", text: part } : part];
        return appendMessage(db, { sessionId: id, runId: null, role, parts, status: "complete", ts: ts++ });
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
