/** Names the machines that work for this one. */
import * as z from "zod";
import type { Cluster } from "../../sdk/cluster.ts";
import { defineTool } from "../../sdk/tool.ts";

interface Needs {
  readonly cluster: () => Promise<Pick<Cluster, "list">>;
}

export const nodeList = defineTool({
  name: "node_list",
  description:
    "Lists the nodes: other machines of the user on which node_invoke runs commands, with their tags, whether they are connected, and which commands they have.",
  params: z.strictObject({
    tags: z.array(z.string().min(1)).max(32).optional().describe("only those that have all of these tags"),
  }),
  parallel: true,
  prepare({ cluster }: Needs, { tags }) {
    return {
      tier: "allow",
      reason: "Looks at the list of nodes",
      plan: { ...(tags ? { tags } : {}) },
      async run() {
        const nodes = (await cluster()).list(tags);
        const lines = nodes.map(({ name, status, tags, platform, arch, commands }) =>
          [
            `${name}: ${status}`,
            ...(tags.length > 0 ? [`tags ${tags.join(", ")}`] : []),
            ...(platform ? [`${platform} ${arch}`] : []),
            ...(commands.length > 0 ? [`commands ${commands.join(", ")}`] : []),
          ].join("; "),
        );
        return { ok: true, text: lines.length > 0 ? lines.join("\n") : "There are no such nodes" };
      },
    };
  },
});
