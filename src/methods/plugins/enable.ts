import * as z from "zod";
import type { Plugins } from "../../plugin/plugins.ts";
import { toWirePlugin } from "../../plugin/wire.ts";
import { plugin } from "../../protocol/plugin.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsEnable = defineMethod({
  name: "plugins.enable",
  summary: "Switch a plugin on; what was not approved yet is pending then",
  scope: "admin",
  params: z.strictObject({ id: z.string() }),
  result: plugin,
  async handle({ plugins }: { plugins: Pick<Plugins, "enable" | "sandboxLevel"> }, { id }) {
    return toWirePlugin(await plugins.enable(id), () => plugins.sandboxLevel());
  },
});
