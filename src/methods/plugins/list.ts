import * as z from "zod";
import type { Plugins } from "../../plugin/plugins.ts";
import { toWirePlugin } from "../../plugin/wire.ts";
import { plugin, pluginFolder } from "../../protocol/plugin.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsList = defineMethod({
  name: "plugins.list",
  summary: "List the installed plugins with their state, and the folders that they are looked for in",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({ plugins: z.array(plugin), folders: z.array(pluginFolder) }),
  async handle({ plugins }: { plugins: Pick<Plugins, "list" | "folders" | "sandboxLevel"> }) {
    const found = await plugins.list();
    const folders = plugins.folders.map(({ path, source, isTrusted }) => ({ path, source, trusted: isTrusted }));
    return { plugins: await Promise.all(found.map((one) => toWirePlugin(one, () => plugins.sandboxLevel()))), folders };
  },
});
