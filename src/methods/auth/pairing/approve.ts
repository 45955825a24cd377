import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { checkScopes } from "../../../auth/tokens.ts";
import { PEER_SCOPES, type Peers } from "../../../channel/peers.ts";
import { AlephError } from "../../../protocol/errors.ts";
import { SCOPES } from "../../../protocol/identity.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authPairingApprove = defineMethod({
  name: "auth.pairing.approve",
  summary:
    "Let a waiting device, or somebody who writes over a channel, in: by the id of its request or its code, with scopes no wider than the caller's",
  scope: "admin",
  params: z.strictObject({ pairing: z.string().max(64), scopes: z.array(z.enum(SCOPES)).optional() }),
  result: z.object({ device_id: z.string(), name: z.string(), role: z.string(), scopes: z.array(z.enum(SCOPES)) }),
  async handle(
    { auth, peers }: { auth: Pick<Auth, "approvePairing">; peers: Pick<Peers, "find" | "approve"> },
    { pairing, scopes },
    call,
  ) {
    const waiting = peers.find(pairing);
    if (waiting) {
      const given = scopes ?? PEER_SCOPES;
      checkScopes(given, call.grant!.scopes);
      const peer = await peers.approve(waiting, given, call.grant!.identity.id);
      if (!peer) throw new AlephError("not_found", "Somebody else has answered already");
      const { channel, id, name } = peer;
      return { device_id: `${channel}:${id}`, name: name ?? id, role: "operator", scopes: [...given] };
    }
    const device = await auth.approvePairing(pairing, call.grant!, scopes);
    return { device_id: device.device_id, name: device.name, role: device.role, scopes: [...device.scopes] };
  },
});
