import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authInvitesList = defineMethod({
  name: "auth.invites.list",
  summary: "List the invites of guests, without what they are",
  scope: "admin",
  rate: "read",
  params: z.strictObject({}),
  result: z.object({
    invites: z.array(
      z.object({
        invite_id: z.string(),
        tools: z.array(z.string()),
        budget: z.object({ tokens: z.number().nullable(), cost_usd: z.number().nullable() }),
        created_by: z.string(),
        created_at: z.number(),
        expires_at: z.number(),
        used_at: z.number().nullable(),
        origins: z.array(z.string()).describe("of pages whose visitors it lets in; none: it is for one person"),
        uses: z.number().nullable().describe("how often it lets somebody in"),
        used: z.number(),
      }),
    ),
  }),
  handle({ auth }: { auth: Pick<Auth, "invites"> }) {
    return {
      invites: auth.invites.list().map((invite) => ({
        ...invite,
        tools: [...invite.tools],
        origins: [...invite.origins],
      })),
    };
  },
});
