import * as z from "zod";
import type { Auth } from "../../auth/auth.ts";
import type { Cluster } from "../../sdk/cluster.ts";
import { defineMethod } from "../../sdk/method.ts";

export const nodeRevoke = defineMethod({
  name: "node.revoke",
  summary: "Let a node in no more, and end its connection at once",
  scope: "admin",
  params: z.strictObject({ node: z.string().min(1).max(100) }),
  result: z.object({ node_id: z.string() }),
  async handle(
    { auth, cluster }: { auth: Pick<Auth, "revokeDevice">; cluster: () => Promise<Pick<Cluster, "get">> },
    { node },
  ) {
    const { node_id } = (await cluster()).get(node);
    await auth.revokeDevice(node_id);
    return { node_id };
  },
});
