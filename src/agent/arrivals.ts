/** What happens to a message before it is stored: hooks see it, and a line that calls a command finds it. */
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { RunParams } from "../protocol/run.ts";
import type { Commands } from "../sdk/command.ts";
import type { EventHooks, Hooks, OnMessage } from "../sdk/hook.ts";
import type { RunRequest } from "../session/runs.ts";

export interface Arrived {
  /** As the hooks left it. */
  readonly message: string;
  readonly direct?: NonNullable<RunRequest["direct"]>;
}

export interface Arrival extends OnMessage {
  /** Whose commands it may call; left out, it calls none. */
  readonly commander: Grant | undefined;
}

export interface ArrivalsOptions {
  readonly hooks: Hooks;
  readonly commands: Pick<Commands, "find">;
}

export class Arrivals {
  readonly #o: ArrivalsOptions;
  /** The last of each session that is on its way: those that come after it stay behind it. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(options: ArrivalsOptions) {
    this.#o = options;
  }

  /** Nothing when the message is as it was and nobody has to wait. Rejects when a hook refuses it. */
  receive({ commander, ...about }: Arrival): Promise<Arrived> | undefined {
    const { sessionKey, message } = about;
    const hooks = this.#o.hooks.of("on_message");
    const last = this.#last.get(sessionKey);
    if (hooks === undefined && last === undefined && !message.startsWith("/")) return undefined;
    const work = () => this.#receive(about, hooks, commander);
    const arrived = last ? last.then(work) : work();
    const settled = arrived
      .catch(() => "told to whoever sent it")
      .finally(() => {
        if (this.#last.get(sessionKey) === settled) this.#last.delete(sessionKey);
      });
    this.#last.set(sessionKey, settled);
    return arrived;
  }

  async #receive(
    about: OnMessage,
    hooks: ReturnType<Hooks["of"]> | undefined,
    commander: Grant | undefined,
  ): Promise<Arrived> {
    const found = (await hooks) as EventHooks<"on_message"> | undefined;
    // Nobody can stop it: each hook has its own time limit.
    const heard = await found?.run(about, new AbortController().signal);
    const message = heard?.context.message ?? about.message;
    if (heard?.resolved) return { message, direct: { answer: heard.resolved.text } };
    if (message.trim() === "" && about.attachments.length === 0) {
      throw new AlephError("forbidden", "A plugin left nothing of the message");
    }
    const call = commander && message.startsWith("/") ? await this.#o.commands.find(message, commander) : undefined;
    return call ? { message, direct: { call } } : { message };
  }
}

/** As hooks see it. */
export function describeAttachment({ mime, name, data }: NonNullable<RunParams["attachments"]>[number]) {
  return { mime, name: name ?? null, size: Buffer.byteLength(data, "base64") };
}
