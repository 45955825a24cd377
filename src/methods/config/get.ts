import * as z from "zod";
import { BY_HAND_KEYS } from "../../config/by-hand.ts";
import type { ConfigStore } from "../../config/config.ts";
import { defineMethod } from "../../sdk/method.ts";

export const configGet = defineMethod({
  name: "config.get",
  summary: "Get the config in force, secrets masked",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({
    path: z.string(),
    config: z.record(z.string(), z.unknown()),
    file: z.record(z.string(), z.unknown()).describe("what config.toml itself says, without defaults"),
    pinned: z
      .record(z.string(), z.unknown())
      .describe(
        "what was said at the start and stands above the file: there the file counts after a restart without it",
      ),
    by_hand: z.array(z.string()).describe("keys that only an editor of the file changes; * stands for each name"),
  }),
  handle({ config }: { config: Pick<ConfigStore, "redacted" | "redactedFile" | "path" | "pinned"> }) {
    return {
      path: config.path,
      config: config.redacted(),
      file: config.redactedFile(),
      pinned: config.pinned(),
      by_hand: [...BY_HAND_KEYS],
    };
  },
});
