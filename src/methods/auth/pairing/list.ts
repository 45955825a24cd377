import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { PEER_SCOPES, type Peers } from "../../../channel/peers.ts";
import { SCOPES } from "../../../protocol/identity.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authPairingList = defineMethod({
  name: "auth.pairing.list",
  summary: "List the devices, and the people who write over channels, that wait to be let in",
  scope: "admin",
  rate: "read",
  params: z.strictObject({}),
  result: z.object({
    pairings: z.array(
      z.object({
        pairing_id: z.string(),
        /** `peer`: somebody who writes over a channel, which is then the `address`. */
        kind: z.enum(["device", "peer"]),
        code: z.string(),
        device_id: z.string(),
        name: z.string(),
        /** What it says that it runs on. */
        platform: z.string().nullable(),
        role: z.enum(["operator", "node"]),
        scopes: z.array(z.enum(SCOPES)),
        address: z.string(),
        expires_at: z.number(),
      }),
    ),
  }),
  handle({ auth, peers }: { auth: Pick<Auth, "pairings">; peers: Pick<Peers, "waiting"> }) {
    const devices = auth.pairings.list().map((pairing) => {
      const { id, code, deviceId, name, platform = null, role, scopes, address, expiresAt } = pairing;
      const wanted = { name, platform, role, scopes: [...scopes], address };
      return { pairing_id: id, kind: "device" as const, code, device_id: deviceId, ...wanted, expires_at: expiresAt };
    });
    const people = peers.waiting().map(({ pairingId, channel, id, name, code, expiresAt }) => {
      const wanted = {
        name: name ?? id,
        platform: null,
        role: "operator" as const,
        scopes: [...PEER_SCOPES],
        address: channel,
      };
      const device_id = `${channel}:${id}`;
      return { pairing_id: pairingId, kind: "peer" as const, code, device_id, ...wanted, expires_at: expiresAt };
    });
    return { pairings: [...devices, ...people] };
  },
});
