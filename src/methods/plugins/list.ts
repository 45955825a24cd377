import * as z from "zod";
import type { Plugins } from "../../plugin/plugins.ts";
import { toWirePlugin } from "../../plugin/wire.ts";
import { plugin } from "../../protocol/plugin.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsList = defineMethod({
  name: "plugins.list",
  summary: "List the installed plugins with their state",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({ plugins: z.array(plugin) }),
  async handle({ plugins }: { plugins: Pick<Plugins, "list"> }) {
    return { plugins: (await plugins.list()).map(toWirePlugin) };
  },
});
