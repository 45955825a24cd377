import * as z from "zod";
import type { Plugins } from "../../plugin/plugins.ts";
import { toWirePlugin } from "../../plugin/wire.ts";
import { plugin } from "../../protocol/plugin.ts";
import { defineMethod } from "../../sdk/method.ts";

export const pluginsApprove = defineMethod({
  name: "plugins.approve",
  summary: "Let a plugin do what it asks for, and switch it on",
  scope: "admin",
  params: z.strictObject({
    id: z.string(),
    /** Of the files that were shown: those and no others are approved. */
    sha256: z.string().optional(),
  }),
  result: plugin,
  async handle({ plugins }: { plugins: Pick<Plugins, "approve" | "sandboxLevel"> }, { id, sha256 }, { grant }) {
    return toWirePlugin(
      await plugins.approve(id, { by: grant?.identity.id ?? "owner", ...(sha256 === undefined ? {} : { sha256 }) }),
      () => plugins.sandboxLevel(),
    );
  },
});
