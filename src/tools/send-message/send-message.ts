/** Sends a message over an interface, to a conversation other than the one that the model answers in, say. */
import * as z from "zod";
import { canonicalSessionKey, parseSessionKey } from "../../protocol/session-key.ts";
import { defineTool } from "../../sdk/tool.ts";
import description from "./send-message.md" with { type: "text" };

interface Needs {
  readonly interfaces: {
    /** Throws `not_found`, `conflict` when it is not running, `invalid_params` when the message is too long. */
    send(id: string, target: string, message: string): Promise<{ readonly id: string }>;
  };
}

export const sendMessage = defineTool({
  name: "send_message",
  description,
  params: z.strictObject({
    interface: z.string().min(1).max(64).describe("webchat, telegram, discord, …"),
    target: z.string().min(1).max(512).describe("the conversation there; a session key for webchat"),
    message: z.string().min(1).max(100_000),
  }),
  parallel: false,
  ownerOnly: true,
  prepare({ interfaces }: Needs, { interface: id, target, message }, { sessionKey }) {
    const own = isOwn(sessionKey, id, target);
    return {
      tier: own ? "allow" : "ask",
      reason: own ? "Writes to this conversation" : "Writes to another conversation",
      plan: { interface: id, target, message },
      ...(own ? {} : { outward: true }),
      async run() {
        const sent = await interfaces.send(id, target, message);
        return { ok: true, text: `Sent to ${target} over ${id} as message ${sent.id}` };
      },
    };
  },
});

/** Whether it is where the model's answers go anyway. */
function isOwn(sessionKey: string, id: string, target: string): boolean {
  const key = parseSessionKey(sessionKey);
  if (key.form === "direct") return key.channel === id && key.peer === target;
  if (key.form === "group") return key.channel === id && key.thread === undefined && key.group === target;
  if (id !== "webchat") return false;
  try {
    return canonicalSessionKey(target) === canonicalSessionKey(sessionKey);
  } catch {
    // No session key, and so not this one; the interface says what is wrong with it.
    return false;
  }
}
