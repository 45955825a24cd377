import * as z from "zod";
import type { Interfaces } from "../../channel/interfaces.ts";
import { defineMethod } from "../../sdk/method.ts";

export const interfaceReact = defineMethod({
  name: "interface.react",
  summary: "React to a message over an interface, or take the reaction away",
  scope: "write",
  params: z.strictObject({
    interface: z.string(),
    target: z.string().min(1).max(512).describe("the conversation, as the interface names it"),
    message_id: z.string().min(1).max(512).describe("as interface.send answered, or as the place names it"),
    emoji: z.string().min(1).max(100).nullable().describe("in place of any other of ours; null for none"),
  }),
  result: z.object({ interface: z.string(), target: z.string(), message_id: z.string(), emoji: z.string().nullable() }),
  async handle({ interfaces }: { interfaces: Pick<Interfaces, "react"> }, params) {
    const { interface: id, target, message_id, emoji } = params;
    await interfaces.react(id, target, message_id, emoji);
    return params;
  },
});
