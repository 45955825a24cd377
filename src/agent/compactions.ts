/** Compacting a session because somebody asks for it, and undoing it. */

import type { Config } from "../config/schema.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { Models } from "../providers/models.ts";
import { deleteMark } from "../session/context-marks.ts";
import type { Sessions } from "../session/sessions.ts";
import type { Stores } from "../session/stores.ts";
import type { Compacted, CompactionDeps } from "./compaction.ts";
import { markInForce } from "./context.ts";
import { roomOf } from "./window.ts";

export interface CompactionsOptions extends Omit<CompactionDeps, "models" | "config"> {
  readonly models: CompactionDeps["models"] & Pick<Models, "order">;
  readonly config: () => Config;
  readonly sessions: Pick<Sessions, "get">;
  readonly stores: Stores;
  readonly load: { of(sessionKey: string): { readonly active: string | null; readonly queued: readonly string[] } };
}

/** Tokens of a prompt and tools as they usually are. */
const FIXED = 8000;

export class Compactions {
  readonly #o: CompactionsOptions;

  constructor(options: CompactionsOptions) {
    this.#o = options;
  }

  /** Undefined when nothing is old enough. Rejects with what the provider throws, and `conflict` when the session changed meanwhile. */
  async compact(
    sessionKey: string,
    { grant, credential }: { readonly grant: Grant; readonly credential: string | undefined },
    signal: AbortSignal,
  ): Promise<Compacted | undefined> {
    const { models, config, sessions, stores, load } = this.#o;
    const session = sessions.get(sessionKey);
    const { active, queued } = load.of(session.key);
    const refs = models.order(session.model ?? config().agents[session.agent]?.model);
    const resolved = await models.resolve(refs[0]!, signal).catch((thrown: unknown) => {
      if (thrown instanceof AlephError) return undefined;
      throw thrown;
    });
    const info = resolved ? models.known(resolved.provider, resolved.model) : {};
    const { compact } = await import("./compaction.ts");
    return compact(this.#o, {
      session,
      store: stores.of(session.key),
      reason: "asked",
      room: roomOf(info, FIXED, 1),
      waiting: new Set(queued),
      beside: active ?? undefined,
      refs,
      spender: { identity: grant.identity.id, sessionKey: session.key },
      credential,
      runId: undefined,
      signal,
    });
  }

  /** The messages are shown again as before the last compaction. Throws `conflict` when none is in force. */
  async undo(sessionKey: string): Promise<void> {
    const { sessions, stores, bus } = this.#o;
    const session = sessions.get(sessionKey);
    await stores.of(session.key).write((db) => {
      const mark = markInForce(db, session);
      if (!mark) {
        throw new AlephError("conflict", `Session "${session.key}" is not compacted`, {
          data: { hint: "session.compact does it" },
        });
      }
      deleteMark(db, mark.id);
    });
    bus.publish("session.uncompacted", { session_key: session.key }, { sessionKey: session.key });
  }
}
