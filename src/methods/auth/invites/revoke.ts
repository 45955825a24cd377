import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authInvitesRevoke = defineMethod({
  name: "auth.invites.revoke",
  summary: "End an invite, the guest's session and what the guest has open",
  scope: "admin",
  params: z.strictObject({ invite_id: z.string() }),
  result: z.object({ invite_id: z.string() }),
  async handle({ auth }: { auth: Pick<Auth, "revokeInvite"> }, { invite_id }) {
    await auth.revokeInvite(invite_id);
    return { invite_id };
  },
});
