import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { SCOPES } from "../../../protocol/identity.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authPairingList = defineMethod({
  name: "auth.pairing.list",
  summary: "List the devices that wait to be let in",
  scope: "admin",
  rate: "read",
  params: z.strictObject({}),
  result: z.object({
    pairings: z.array(
      z.object({
        pairing_id: z.string(),
        code: z.string(),
        device_id: z.string(),
        name: z.string(),
        role: z.enum(["operator", "node"]),
        scopes: z.array(z.enum(SCOPES)),
        address: z.string(),
        expires_at: z.number(),
      }),
    ),
  }),
  handle({ auth }: { auth: Pick<Auth, "pairings"> }) {
    const pairings = auth.pairings.list().map(({ id, code, deviceId, name, role, scopes, address, expiresAt }) => {
      const wanted = { name, role, scopes: [...scopes], address };
      return { pairing_id: id, code, device_id: deviceId, ...wanted, expires_at: expiresAt };
    });
    return { pairings };
  },
});
