import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authTokensRotate = defineMethod({
  name: "auth.tokens.rotate",
  summary: "Put a new secret in place of a token's, or of the owner's; what was opened with the old one ends",
  scope: "admin",
  params: z.strictObject({ token_id: z.string().optional().describe("the owner's token if left out") }),
  result: z.object({ token_id: z.string(), token: z.string() }),
  handle({ auth }: { auth: Pick<Auth, "rotateToken"> }, { token_id }, { grant }) {
    return auth.rotateToken(token_id, grant!);
  },
});
