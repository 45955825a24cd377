import type * as z from "zod";
import type { ConfigStore } from "../../config/config.ts";
import { proposal, trial } from "../../protocol/trial.ts";
import { proposedTable } from "../../providers/models/proposed-table.ts";
import type { Models } from "../../providers/models.ts";
import { defineMethod } from "../../sdk/method.ts";

export const modelsTry = defineMethod({
  name: "models.try",
  summary: "Test a provider that is not in config.toml, or a change to one, with a real call; nothing is kept",
  scope: "admin",
  params: proposal,
  result: trial,
  async handle(
    { config, models }: { config: Pick<ConfigStore, "current">; models: Pick<Models, "testTable"> },
    wanted,
    { signal },
  ): Promise<z.output<typeof trial>> {
    const table = proposedTable(config.current.providers[wanted.id], wanted);
    return models.testTable(wanted.id, table, signal, wanted.model);
  },
});
