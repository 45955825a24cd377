import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { SCOPES } from "../../../protocol/identity.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authTokensList = defineMethod({
  name: "auth.tokens.list",
  summary: "List the tokens beside the owner's, without what they are",
  scope: "admin",
  rate: "read",
  params: z.strictObject({}),
  result: z.object({
    tokens: z.array(
      z.object({
        token_id: z.string(),
        name: z.string(),
        scopes: z.array(z.enum(SCOPES)),
        created_by: z.string(),
        created_at: z.number(),
        expires_at: z.number().nullable(),
        last_used_at: z.number().nullable(),
      }),
    ),
  }),
  handle({ auth }: { auth: Pick<Auth, "tokens"> }) {
    return { tokens: auth.tokens.list().map((token) => ({ ...token, scopes: [...token.scopes] })) };
  },
});
