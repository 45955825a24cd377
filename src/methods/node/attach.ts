import { nodeHello, nodeWelcome } from "../../protocol/node.ts";
import type { Cluster } from "../../sdk/cluster.ts";
import { defineMethod } from "../../sdk/method.ts";

export const nodeAttach = defineMethod({
  name: "node.attach",
  summary: "Of a node that has connected: what it is and lets be called; from then on it is asked",
  scope: "node",
  params: nodeHello,
  result: nodeWelcome,
  async handle({ cluster }: { cluster: () => Promise<Pick<Cluster, "attach">> }, hello, { grant, connection }) {
    return (await cluster()).attach(grant!.identity.id, hello, connection);
  },
});
