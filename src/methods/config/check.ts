import * as z from "zod";
import type { ConfigStore } from "../../config/config.ts";
import { issuesOf } from "../../config/problem.ts";
import { configIssue } from "../../protocol/config-issue.ts";
import { defineMethod } from "../../sdk/method.ts";

export const configCheck = defineMethod({
  name: "config.check",
  summary: "Check a text for config.toml and tell what would change; nothing is written",
  scope: "admin",
  rate: "read",
  params: z.strictObject({ text: z.string().max(1024 * 1024) }),
  result: z.object({
    issues: z.array(configIssue).describe("empty when it is valid"),
    changed: z.array(z.string()).describe("sections whose values in force would be others"),
  }),
  async handle({ config }: { config: Pick<ConfigStore, "checkText"> }, { text }) {
    try {
      const { changed } = await config.checkText(text);
      return { issues: [], changed: [...changed] };
    } catch (thrown) {
      return { issues: issuesOf(thrown).map((issue) => ({ ...issue })), changed: [] };
    }
  },
});
