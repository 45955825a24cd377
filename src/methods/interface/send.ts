import * as z from "zod";
import type { Interfaces } from "../../channel/interfaces.ts";
import { defineMethod } from "../../sdk/method.ts";

export const interfaceSend = defineMethod({
  name: "interface.send",
  summary: "Send a message over an interface; no run is started",
  scope: "write",
  params: z.strictObject({
    interface: z.string(),
    target: z.string().min(1).max(512).describe("as the interface names a conversation; a session key for webchat"),
    message: z.string().min(1),
  }),
  result: z.object({ interface: z.string(), target: z.string(), message_id: z.string() }),
  async handle({ interfaces }: { interfaces: Pick<Interfaces, "send"> }, { interface: id, target, message }) {
    const sent = await interfaces.send(id, target, message);
    return { interface: id, target, message_id: sent.id };
  },
});
