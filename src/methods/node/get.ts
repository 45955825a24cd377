import * as z from "zod";
import { nodeCallRecord, nodeInfo } from "../../protocol/node.ts";
import type { Cluster } from "../../sdk/cluster.ts";
import { defineMethod } from "../../sdk/method.ts";

export const nodeGet = defineMethod({
  name: "node.get",
  summary: "Show a node by its id or name, with its newest calls and how each ended",
  scope: "read",
  params: z.strictObject({ node: z.string().min(1).max(100) }),
  result: nodeInfo.extend({ calls: z.array(nodeCallRecord) }),
  async handle({ cluster }: { cluster: () => Promise<Pick<Cluster, "get" | "recent">> }, { node }) {
    const center = await cluster();
    const found = center.get(node);
    return { ...found, calls: center.recent(found.node_id) };
  },
});
