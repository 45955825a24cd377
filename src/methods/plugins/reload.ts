import * as z from "zod";
import type { Plugins } from "../../plugin/plugins.ts";
import { toWirePlugin } from "../../plugin/wire.ts";
import { plugin } from "../../protocol/plugin.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsReload = defineMethod({
  name: "plugins.reload",
  summary: "Read a plugin's files anew and open it again",
  scope: "admin",
  params: z.strictObject({ id: z.string() }),
  result: plugin,
  async handle({ plugins }: { plugins: Pick<Plugins, "reload" | "sandboxLevel"> }, { id }) {
    return toWirePlugin(await plugins.reload(id), () => plugins.sandboxLevel());
  },
});
