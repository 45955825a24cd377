import * as z from "zod";
import type { ConfigStore } from "../../config/config.ts";
import { isTable } from "../../lib/merge-patch.ts";
import { AlephError } from "../../protocol/errors.ts";
import type { Models } from "../../providers/models.ts";
import { defineMethod } from "../../sdk/method.ts";

export const modelsRemove = defineMethod({
  name: "models.remove",
  summary:
    "Take a provider out of config.toml, with the key that was kept for it and where it is the default or a fallback",
  scope: "admin",
  params: z.strictObject({ id: z.string().min(1).max(64) }),
  result: z.object({ id: z.string(), changed: z.array(z.string()) }),
  async handle(
    {
      config,
      models,
    }: { config: Pick<ConfigStore, "current" | "raw" | "patch" | "vault">; models: Pick<Models, "forget"> },
    { id },
  ) {
    const { providers, models: wanted } = config.current;
    const { providers: inFile } = config.raw();
    if (!isTable(inFile) || !Object.hasOwn(inFile, id)) {
      throw new AlephError("not_found", `Provider ${JSON.stringify(id)} is not in config.toml`, {
        data: { hint: "One that comes from elsewhere goes when what it comes from goes" },
      });
    }
    const own = providers[id]!;
    const isOwn = (model: string | undefined) => model === id || model?.startsWith(`${id}/`) === true;
    const fallbacks = wanted.fallbacks.filter((model) => !isOwn(model));
    const { changed } = await config.patch({
      providers: { [id]: null },
      models: {
        ...(isOwn(wanted.default) ? { default: null } : {}),
        ...(fallbacks.length < wanted.fallbacks.length ? { fallbacks } : {}),
      },
    });
    if (own.api_key !== undefined) await config.vault.drop(id, own.api_key);
    models.forget(id);
    return { id, changed: [...changed] };
  },
});
