import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authPairingReject = defineMethod({
  name: "auth.pairing.reject",
  summary: "Turn a waiting device away, by the id of its request or its code",
  scope: "admin",
  params: z.strictObject({ pairing: z.string().max(64) }),
  result: z.object({ device_id: z.string() }),
  handle({ auth }: { auth: Pick<Auth, "rejectPairing"> }, { pairing }, call) {
    return { device_id: auth.rejectPairing(pairing, call.grant!).deviceId };
  },
});
