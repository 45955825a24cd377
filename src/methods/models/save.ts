import * as z from "zod";
import type { ConfigStore } from "../../config/config.ts";
import { isReference } from "../../config/secrets.ts";
import { KEPT_IN } from "../../config/vault.ts";
import { proposal, trial } from "../../protocol/trial.ts";
import { proposedTable } from "../../providers/models/proposed-table.ts";
import type { Models } from "../../providers/models.ts";
import { defineMethod } from "../../sdk/method.ts";

export const modelsSave = defineMethod({
  name: "models.save",
  summary:
    "Add a provider to config.toml or change one, after it has really answered; its key goes into a file of its own",
  scope: "admin",
  params: proposal.extend({
    keep: z.enum(KEPT_IN).default("file").describe("where the key is kept; config.toml has a reference to it"),
    as_default: z.boolean().default(false).describe("its model becomes models.default"),
    untested: z.boolean().default(false).describe("saves it without asking it"),
  }),
  result: z.object({
    /** Nothing was written when it did not answer. */
    saved: z.boolean(),
    trial: trial.nullable(),
    /** `provider/model` that answers by default now, where that was asked for. */
    default: z.string().nullable(),
  }),
  async handle(
    {
      config,
      models,
    }: {
      config: Pick<ConfigStore, "current" | "patch" | "vault">;
      models: Pick<Models, "testTable" | "forget">;
    },
    { keep, as_default, untested, ...wanted },
    { signal },
  ) {
    const { id, type, base_url, api_key, model } = wanted;
    const own = config.current.providers[id];
    const tried = untested ? null : await models.testTable(id, proposedTable(own, wanted), signal, model);
    if (tried?.ok === false) return { saved: false, trial: tried, default: null };
    const isKey = api_key !== undefined && !isReference(api_key);
    const reference = isKey ? await config.vault.keep(id, api_key, keep) : api_key;
    const answering = model ?? tried?.model ?? undefined;
    const byDefault = as_default && answering !== undefined ? `${id}/${answering}` : undefined;
    try {
      await config.patch({
        providers: {
          [id]: {
            type: type === id ? null : type,
            ...(base_url === undefined ? {} : { base_url }),
            ...(reference === undefined ? {} : { api_key: reference }),
          },
        },
        ...(byDefault === undefined ? {} : { models: { default: byDefault } }),
      });
    } catch (error) {
      if (isKey && reference !== own?.api_key) await config.vault.drop(id, reference!);
      throw error;
    }
    // The reference may be the same, with another key behind it.
    models.forget(id);
    return { saved: true, trial: tried, default: byDefault ?? null };
  },
});
