import * as z from "zod";
import type { Plugins } from "../../plugin/plugins.ts";
import { toWirePlugin } from "../../plugin/wire.ts";
import { plugin } from "../../protocol/plugin.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsGet = defineMethod({
  name: "plugins.get",
  summary: "Show a plugin, and why it cannot be used",
  scope: "read",
  params: z.strictObject({ id: z.string() }),
  result: plugin,
  async handle({ plugins }: { plugins: Pick<Plugins, "get"> }, { id }) {
    return toWirePlugin(await plugins.get(id));
  },
});
