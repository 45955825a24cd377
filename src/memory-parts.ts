/** The part of the composition root that remembers: nothing of it is loaded before there is something to remember or to search. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LoopDeps } from "./agent/loop.ts";
import type { Runner } from "./agent/runner.ts";
import type { Home } from "./config/home.ts";
import { describeError } from "./lib/log.ts";
import { once } from "./lib/once.ts";
import { hasMemory } from "./memory/fact.ts";
import type { Memory, MemoryOptions } from "./memory/memory.ts";
import { agentOf, parseSessionKey } from "./protocol/session-key.ts";
import type { MemoryShelf } from "./sdk/memory.ts";
import type { Store } from "./sdk/store.ts";
import type { MessageIndex } from "./session/message-index.ts";
import type { StoredRun } from "./session/runs.ts";

export interface MemoryPartsOptions extends Omit<MemoryOptions, "database" | "mask"> {
  readonly home: Home;
  readonly secrets: { all(): Promise<readonly string[]>; mask(text: string): string };
}

/** After a start, when what has to be answered first is answered. */
const CATCH_UP_AFTER_MS = 30_000;

export class MemoryParts implements AsyncDisposable {
  readonly memory: () => Promise<Memory>;
  readonly messageIndex: () => Promise<MessageIndex>;
  readonly shelf: MemoryShelf;
  readonly #o: MemoryPartsOptions;
  readonly #stack = new AsyncDisposableStack();
  readonly #following = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: MemoryPartsOptions) {
    const { home, secrets, store, log, config } = options;
    this.#o = options;
    this.memory = once(async () => {
      const { Memory } = await import("./memory/memory.ts");
      const mask = async (text: string) => {
        await secrets.all();
        return secrets.mask(text);
      };
      return this.#stack.use(new Memory({ ...options, database: home.database, mask }));
    });
    this.messageIndex = once(async () => {
      const { MessageIndex } = await import("./session/message-index.ts");
      return this.#stack.use(new MessageIndex({ store, log }));
    });
    this.shelf = {
      mayUse: ({ kind }) => config().memory.enabled && hasMemory(kind),
      store: async (...args) => (await this.memory()).store(...args),
      search: async (...args) => (await this.memory()).search(...args),
      forget: async (...args) => (await this.memory()).forget(...args),
    };
  }

  /** What a run is to know. Undefined for those of subagents, whose task says what they need. */
  readonly recall: NonNullable<LoopDeps["recall"]> = async (run, question, signal) => {
    const { id: runId, sessionKey, request } = run;
    const { identity } = request.grant;
    if (request.spawned || !this.#mayHave(sessionKey) || !this.shelf.mayUse(identity)) return undefined;
    return (await this.memory()).recall({ runId, sessionKey, identity, question: question() }, signal);
  };

  /** Learns from runs that end. */
  follow(runner: Pick<Runner, "follow">): void {
    const follower = runner.follow({
      stopping: () => undefined,
      stoppingSession: () => undefined,
      ended: (run) => {
        const done: Promise<void> = this.#afterRun(run)
          .catch((thrown: unknown) => this.#o.log.warn("nothing was learned from a run", describeError(thrown)))
          .finally(() => this.#following.delete(done));
        this.#following.add(done);
      },
    });
    this.#stack.use(follower);
  }

  /** Begins, a while from now, to take into the index of messages what an earlier version left out of it. */
  start(): void {
    const timer = setTimeout(() => {
      if (hasUnindexed(this.#o.store)) this.#catchUp();
    }, CATCH_UP_AFTER_MS);
    timer.unref();
    this.#stack.defer(() => clearTimeout(timer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#following);
    await this.#stack.disposeAsync();
  }

  async #afterRun({ id, sessionKey, request }: StoredRun): Promise<void> {
    const { identity } = request.grant;
    if (this.#stopped || !this.shelf.mayUse(identity)) return;
    const aside = request.spawned !== undefined || request.direct !== undefined;
    const learns = !aside && this.#o.config().memory.extract.enabled;
    if (!learns && !this.#mayHave(sessionKey)) return;
    // Whoever waits for the run goes on first.
    await new Promise((resolve) => setImmediate(resolve));
    await (await this.memory()).afterRun({ runId: id, sessionKey, identity, aside });
  }

  #catchUp(): void {
    this.messageIndex().then(
      (index) => index.catchUp(),
      (thrown: unknown) => this.#o.log.warn("messages could not be indexed", describeError(thrown)),
    );
  }

  /** Whether there can be a fact at all. */
  #mayHave(sessionKey: string): boolean {
    const { store, workspace } = this.#o;
    if (store.db.query("SELECT 1 FROM fact LIMIT 1").get() !== null) return true;
    return existsSync(join(workspace(agentOf(parseSessionKey(sessionKey))), "MEMORY.md"));
  }
}

function hasUnindexed({ db }: Store): boolean {
  const row = db
    .query<{ found: number }, []>(
      `SELECT EXISTS (SELECT 1 FROM message_unindexed)
         OR EXISTS (SELECT 1 FROM message WHERE id < (SELECT before FROM message_index)) AS found`,
    )
    .get();
  return row?.found === 1;
}
