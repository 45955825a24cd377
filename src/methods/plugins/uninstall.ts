import * as z from "zod";
import type { Installer } from "../../plugin/install/installer.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsUninstall = defineMethod({
  name: "plugins.uninstall",
  summary: "Remove an installed plugin with all that it kept in its folder",
  scope: "admin",
  params: z.strictObject({ id: z.string() }),
  result: z.object({ id: z.string() }),
  async handle({ installer }: { installer: () => Promise<Pick<Installer, "uninstall">> }, { id }) {
    await (await installer()).uninstall(id);
    return { id };
  },
});
