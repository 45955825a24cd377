import * as z from "zod";
import type { Cluster } from "../../sdk/cluster.ts";
import { defineMethod } from "../../sdk/method.ts";

export const nodeOutput = defineMethod({
  name: "node.output",
  summary: "Of a node: output of a call that still runs there",
  scope: "node",
  rate: "read",
  params: z.strictObject({ call_id: z.string().max(100), content: z.string().max(64 * 1024) }),
  result: z.object({}),
  async handle({ cluster }: { cluster: () => Promise<Pick<Cluster, "output">> }, { call_id, content }, { connection }) {
    (await cluster()).output(connection, call_id, content);
    return {};
  },
});
