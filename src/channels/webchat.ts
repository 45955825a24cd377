/** The owner's web panel and other clients as a channel: its conversations are the owner's sessions. */
import { AlephError } from "../protocol/errors.ts";
import type { Message, MessagePart } from "../protocol/message.ts";
import type { Publisher } from "../sdk/bus.ts";
import { defineChannel } from "../sdk/channel.ts";
import { appendMessage } from "../session/messages.ts";
import type { Sessions } from "../session/sessions.ts";
import type { Stores } from "../session/stores.ts";

export interface WebchatNeeds {
  readonly sessions: Pick<Sessions, "get">;
  readonly stores: Pick<Stores, "of">;
  readonly bus: Publisher;
  readonly now: () => number;
}

export const webchat = defineChannel({
  id: "webchat",
  capabilities: { edit: false, react: false, typing: false, files: false, threads: false, buttons: false },
  /** As long as what a client may send. */
  limits: { message: 1_000_000 },
  async open({ sessions, stores, bus, now }: WebchatNeeds) {
    return {
      async send(target, text) {
        const session = sessions.get(target);
        if (session.kind !== "owner") {
          throw new AlephError("forbidden", `Session "${session.key}" is not the owner's`, {
            data: { hint: "Send through the interface that the session came from" },
          });
        }
        const ts = now();
        const parts: MessagePart[] = [{ type: "text", text }];
        const id = await stores
          .of(session.key)
          .write((db) =>
            appendMessage(db, { sessionId: session.id, runId: null, role: "assistant", parts, status: "complete", ts }),
          );
        const message: Message = {
          id: String(id),
          role: "assistant",
          content: text,
          parts,
          run_id: null,
          status: "complete",
          ts,
          model: null,
        };
        bus.publish("session.message", { session_key: session.key, message }, { sessionKey: session.key });
        return { id: message.id };
      },
      // The sockets are the gateway's; nothing here is held open.
      async [Symbol.asyncDispose]() {},
    };
  },
});
