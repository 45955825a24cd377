import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { AlephError } from "../../../protocol/errors.ts";
import { SCOPES } from "../../../protocol/identity.ts";
import { defineMethod } from "../../../sdk/method.ts";

const HOUR_MS = 60 * 60_000;

export const authPairingInvite = defineMethod({
  name: "auth.pairing.invite",
  summary: "Make a code with which one new device is let in at once, with scopes no wider than the caller's",
  scope: "admin",
  params: z.strictObject({
    role: z.enum(["operator", "node"]).default("operator"),
    scopes: z.array(z.enum(SCOPES)).optional(),
    expires_in_ms: z.int().positive().max(HOUR_MS).optional().describe("10 minutes if left out"),
  }),
  result: z.object({ code: z.string(), expires_at: z.number() }),
  handle({ auth }: { auth: Pick<Auth, "preparePairing"> }, { role, scopes, expires_in_ms }, { connection }) {
    const { rights } = connection;
    // They may have ended since the request was let through.
    if (!rights) throw new AlephError("unauthenticated", "The credential has ended");
    const { code, expiresAt } = auth.preparePairing(rights, { role, scopes, lastsMs: expires_in_ms });
    return { code, expires_at: expiresAt };
  },
});
