import * as z from "zod";
import type { Plugins } from "../../plugin/plugins.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsTrustFolder = defineMethod({
  name: "plugins.trustFolder",
  summary: "Let the plugins of a working folder be used when Aleph is started there, or not any more",
  scope: "admin",
  params: z.strictObject({ folder: z.string().min(1), trusted: z.boolean().default(true) }),
  result: z.object({ folder: z.string(), trusted: z.boolean() }),
  async handle({ plugins }: { plugins: Pick<Plugins, "trustFolder"> }, { folder, trusted }) {
    const { path } = await plugins.trustFolder(folder, trusted);
    return { folder: path, trusted };
  },
});
