import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import type { Peers } from "../../../channel/peers.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authPairingReject = defineMethod({
  name: "auth.pairing.reject",
  summary: "Turn a waiting device, or somebody who writes over a channel, away: by the id of its request or its code",
  scope: "admin",
  params: z.strictObject({ pairing: z.string().max(64) }),
  result: z.object({ device_id: z.string() }),
  async handle(
    { auth, peers }: { auth: Pick<Auth, "rejectPairing">; peers: Pick<Peers, "find" | "reject"> },
    { pairing },
    call,
  ) {
    const waiting = peers.find(pairing);
    if (waiting && (await peers.reject(waiting))) return { device_id: `${waiting.channel}:${waiting.id}` };
    return { device_id: auth.rejectPairing(pairing, call.grant!).deviceId };
  },
});
