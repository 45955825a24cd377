/** What can be done with a conversation that is there already: ask again, otherwise, from another point, or not at all. */
import { AlephError } from "../../protocol/errors.ts";
import type { MediaPart, Message } from "../../protocol/message.ts";
import type { Call } from "./connection.ts";
import type { Outgoing } from "./conversation.ts";

export interface Rework {
  /**
   * Sends the message again, with `text` in place of its own; what came behind it leaves the conversation. The key of the
   * conversation in which it is kept as it was.
   */
  askAgain(message: Message, text: string): Promise<string | null>;
  /** The key of a new conversation that is the same up to this message. */
  forkAt(messageId: string): Promise<string>;
  /** Deletes the message and all behind it. */
  removeFrom(messageId: string): Promise<void>;
  /** Takes what waits out of the queue and adds it to the run that is under way. */
  addNow(queued: { readonly runId: string; readonly message: Message }): Promise<void>;
}

export interface ReworkOptions {
  readonly key: string;
  readonly call: Call;
  /** Of this server. */
  readonly fetch: (path: string) => Promise<Response>;
  readonly send: (message: Outgoing) => Promise<void>;
}

type Attachments = NonNullable<Outgoing["attachments"]>;

/** Everything rejects with `AlephError`. */
export function createRework({ key, call, fetch, send }: ReworkOptions): Rework {
  async function attachmentsOf({ parts }: Message): Promise<{ attachments?: Attachments }> {
    const media = parts.filter((part) => part.type === "media");
    if (media.length === 0) return {};
    return { attachments: await Promise.all(media.map(read)) };
  }

  async function read({ media_id, mime, name }: MediaPart): Promise<Attachments[number]> {
    const { url } = await call("media.link", { media_id });
    const answer = await fetch(url).catch((cause: unknown) => {
      throw new AlephError("cancelled", "There is no connection to the server", { cause });
    });
    if (!answer.ok) throw new AlephError("not_found", `${JSON.stringify(name ?? mime)} is no longer there`);
    return { mime, data: toBase64(await answer.bytes()), ...(name === undefined ? {} : { name }) };
  }

  return {
    async askAgain(message, text) {
      // First what can fail: until here nothing has changed.
      const attachments = await attachmentsOf(message);
      const { branch_key } = await call("session.rewind", { session_key: key, before: message.id });
      await send({ message: text, ...attachments });
      return branch_key;
    },
    async forkAt(messageId) {
      return (await call("session.fork", { session_key: key, at: messageId })).session_key;
    },
    async removeFrom(messageId) {
      const { branch_key } = await call("session.rewind", { session_key: key, before: messageId });
      if (branch_key !== null) await call("session.delete", { session_key: branch_key });
    },
    async addNow({ runId, message }) {
      const attachments = await attachmentsOf(message);
      await call("agent.cancel", { run_id: runId });
      await send({ message: textOf(message), mode: "steer", ...attachments });
    },
  };
}

/** What the person wrote, without what came in with it. */
export function textOf({ parts }: Pick<Message, "parts">): string {
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n");
}

export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}
