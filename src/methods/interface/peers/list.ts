import * as z from "zod";
import type { Peers } from "../../../channel/peers.ts";
import { SCOPES } from "../../../protocol/identity.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const interfacePeersList = defineMethod({
  name: "interface.peers.list",
  summary: "List the people who were let in to write over interfaces",
  scope: "admin",
  rate: "read",
  params: z.strictObject({}),
  result: z.object({
    peers: z.array(
      z.object({
        interface: z.string(),
        peer: z.string(),
        name: z.string().nullable(),
        scopes: z.array(z.enum(SCOPES)),
        approved_by: z.string(),
        created_at: z.number(),
      }),
    ),
  }),
  handle({ peers }: { peers: Pick<Peers, "list"> }) {
    return {
      peers: peers.list().map(({ channel, id, name, scopes, approvedBy, createdAt }) => ({
        interface: channel,
        peer: id,
        name,
        scopes: [...scopes],
        approved_by: approvedBy,
        created_at: createdAt,
      })),
    };
  },
});
