import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { SCOPES } from "../../../protocol/identity.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authPairingApprove = defineMethod({
  name: "auth.pairing.approve",
  summary: "Let a waiting device in, by the id of its request or its code, with scopes no wider than the caller's",
  scope: "admin",
  params: z.strictObject({ pairing: z.string().max(64), scopes: z.array(z.enum(SCOPES)).optional() }),
  result: z.object({ device_id: z.string(), name: z.string(), role: z.string(), scopes: z.array(z.enum(SCOPES)) }),
  async handle({ auth }: { auth: Pick<Auth, "approvePairing"> }, { pairing, scopes }, call) {
    const device = await auth.approvePairing(pairing, call.grant!, scopes);
    return { device_id: device.device_id, name: device.name, role: device.role, scopes: [...device.scopes] };
  },
});
