import * as z from "zod";
import type { Plugins } from "../../plugin/plugins.ts";
import { toWirePlugin } from "../../plugin/wire.ts";
import { plugin, pluginDenial } from "../../protocol/plugin.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsGet = defineMethod({
  name: "plugins.get",
  summary: "Show a plugin: its state, what it may do, and what it tried and might not",
  scope: "read",
  params: z.strictObject({ id: z.string() }),
  result: plugin.extend({ denials: z.array(pluginDenial) }),
  async handle({ plugins }: { plugins: Pick<Plugins, "get" | "denials" | "sandboxLevel"> }, { id }) {
    const shown = await toWirePlugin(await plugins.get(id), () => plugins.sandboxLevel());
    const denials = plugins.denials
      .list(shown.id)
      .map(({ firstAt, lastAt, ...denial }) => ({ ...denial, first_at: firstAt, last_at: lastAt }));
    return { ...shown, denials };
  },
});
