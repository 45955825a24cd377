import * as z from "zod";
import type { Plugins } from "../../plugin/plugins.ts";
import { toWirePlugin } from "../../plugin/wire.ts";
import { plugin } from "../../protocol/plugin.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsDisable = defineMethod({
  name: "plugins.disable",
  summary: "Switch a plugin off without removing it",
  scope: "admin",
  params: z.strictObject({ id: z.string() }),
  result: plugin,
  async handle({ plugins }: { plugins: Pick<Plugins, "disable" | "sandboxLevel"> }, { id }) {
    return toWirePlugin(await plugins.disable(id), () => plugins.sandboxLevel());
  },
});
