import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { SCOPES } from "../../../protocol/identity.ts";
import { defineMethod } from "../../../sdk/method.ts";

const HUNDRED_YEARS_MS = 100 * 365 * 24 * 60 * 60 * 1000;

export const authTokensCreate = defineMethod({
  name: "auth.tokens.create",
  summary: "Make a token with a name and scopes no wider than the caller's; it is told once",
  scope: "admin",
  params: z.strictObject({
    name: z.string().regex(/^[\x20-\x7e]{1,64}$/, "must have 1 to 64 printable characters"),
    scopes: z.array(z.enum(SCOPES)).min(1),
    expires_in_ms: z.number().int().positive().max(HUNDRED_YEARS_MS).optional(),
  }),
  result: z.object({ token_id: z.string(), token: z.string() }),
  handle({ auth }: { auth: Pick<Auth, "tokens"> }, { name, scopes, expires_in_ms }, call) {
    const { identity, scopes: own } = call.grant!;
    const unique = [...new Set(scopes)];
    return auth.tokens.create({
      name,
      scopes: unique,
      expiresInMs: expires_in_ms,
      by: { id: identity.id, scopes: own },
    });
  },
});
