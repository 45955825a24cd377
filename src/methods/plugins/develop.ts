import * as z from "zod";
import type { Plugins } from "../../plugin/plugins.ts";
import { toWirePlugin } from "../../plugin/wire.ts";
import { plugin } from "../../protocol/plugin.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsDevelop = defineMethod({
  name: "plugins.develop",
  summary: "Say whether a plugin is in development: then changed files need no approval, wider permissions do",
  scope: "admin",
  params: z.strictObject({ id: z.string(), on: z.boolean().default(true) }),
  result: plugin,
  async handle({ plugins }: { plugins: Pick<Plugins, "develop" | "sandboxLevel"> }, { id, on }) {
    return toWirePlugin(await plugins.develop(id, on), () => plugins.sandboxLevel());
  },
});
