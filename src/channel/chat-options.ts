/** The keys that say who may write, shared by the tables of all places where people chat. Loads zod. */
import * as z from "zod";

const ids = z.array(z.string().min(1).max(256));
const tools = z.array(z.string().min(1).max(64)).max(100);

export const chatOptions = {
  allow_from: ids
    .default([])
    .describe("who may write, with the rights of the owner: ids as the place names them, letter by letter"),
  dm_policy: z
    .enum(["pairing", "allowlist", "open", "disabled"])
    .default("pairing")
    .describe(
      "others who write alone: pairing gives them a code for aleph pairing approve, allowlist refuses them, open takes them as guests, disabled refuses everybody",
    ),
  dm_scope: z
    .enum(["main", "per_peer", "per_channel_peer"])
    .default("per_peer")
    .describe(
      "whose session it is when somebody writes alone: per_peer, his own, one over all accounts of a platform; per_channel_peer, his own in each account; main, the main session for the owner and per_peer for others",
    ),
  groups: z
    .record(
      z.string().min(1).max(256),
      z.strictObject({
        require_mention: z.boolean().default(true).describe("whether only what is said to Aleph by name is taken"),
        allow_from: ids.default([]).describe("who else may write there, as a guest; * for everybody"),
        guest_tools: tools.optional().describe("tools of the guests there, in place of those of all guests"),
      }),
    )
    .default({ "*": { require_mention: true, allow_from: [] } })
    .describe("groups in which Aleph listens, by id; * for all that are not named"),
  agent: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/)
    .default("main")
    .describe("the agent that answers"),
  guest_tools: tools
    .default([])
    .describe("tools that guests may use, of those that an invite may name; those that are the owner's stay closed"),
  ack_reaction: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe("an emoji that a message of a group has as a reaction while it is worked on; left out, none"),
  stream: z.boolean().default(true).describe("whether an answer is shown while it grows, where that is possible"),
} as const;
