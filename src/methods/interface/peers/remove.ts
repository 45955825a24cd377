import * as z from "zod";
import type { Peers } from "../../../channel/peers.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const interfacePeersRemove = defineMethod({
  name: "interface.peers.remove",
  summary: "Take no more of what somebody writes over an interface",
  scope: "admin",
  params: z.strictObject({ interface: z.string(), peer: z.string() }),
  result: z.object({ interface: z.string(), peer: z.string() }),
  async handle({ peers }: { peers: Pick<Peers, "remove"> }, { interface: channel, peer }) {
    await peers.remove(channel, peer);
    return { interface: channel, peer };
  },
});
