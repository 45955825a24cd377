import * as z from "zod";
import type { Installer } from "../../plugin/install/installer.ts";
import type { Plugins } from "../../plugin/plugins.ts";
import { toWirePlugin } from "../../plugin/wire.ts";
import { plugin } from "../../protocol/plugin.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsInstall = defineMethod({
  name: "plugins.install",
  summary:
    "Install a plugin from a folder, an archive, an https URL or a git repository; unless it is accepted it waits for approval",
  scope: "admin",
  params: z.strictObject({
    /** An absolute path on the server's machine, `https://…`, or `git+https://…#ref`. */
    source: z.string().min(1).max(2000),
    /** Let it do what it asks for; permissions_summary of the answer says what that is. */
    accept_permissions: z.boolean().default(false),
  }),
  result: plugin.extend({
    /** The version whose place it took, and where that had come from. */
    replaced: z.object({ version: z.string().nullable(), source: z.string().nullable() }).nullable(),
  }),
  async handle(
    {
      installer,
      plugins,
    }: { installer: () => Promise<Pick<Installer, "install">>; plugins: Pick<Plugins, "sandboxLevel"> },
    { source, accept_permissions: accept },
    { grant, signal },
  ) {
    const by = grant?.identity.id ?? "owner";
    const installed = await (await installer()).install(source, { by, accept, signal });
    const { version, source: from } = installed.replaced ?? {};
    return {
      ...(await toWirePlugin(installed.plugin, () => plugins.sandboxLevel())),
      replaced: installed.replaced ? { version: version ?? null, source: from ?? null } : null,
    };
  },
});
