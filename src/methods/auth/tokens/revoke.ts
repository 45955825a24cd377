import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authTokensRevoke = defineMethod({
  name: "auth.tokens.revoke",
  summary: "End a token and what was opened with it",
  scope: "admin",
  params: z.strictObject({ token_id: z.string() }),
  result: z.object({ token_id: z.string() }),
  async handle({ auth }: { auth: Pick<Auth, "revokeToken"> }, { token_id }) {
    await auth.revokeToken(token_id);
    return { token_id };
  },
});
