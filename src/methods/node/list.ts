import * as z from "zod";
import { nodeInfo } from "../../protocol/node.ts";
import type { Cluster } from "../../sdk/cluster.ts";
import { defineMethod } from "../../sdk/method.ts";

export const nodeList = defineMethod({
  name: "node.list",
  summary: "List the nodes of the cluster, those that are connected and those that are not",
  scope: "read",
  params: z.strictObject({ tags: z.array(z.string()).max(32).optional() }),
  result: z.object({ nodes: z.array(nodeInfo) }),
  async handle({ cluster }: { cluster: () => Promise<Pick<Cluster, "list">> }, { tags }) {
    return { nodes: (await cluster()).list(tags) };
  },
});
