/** What came of a real call to a provider. */
import * as z from "zod";

export const trial = z.object({
  ok: z.boolean(),
  latency_ms: z.number(),
  provider: z.string(),
  /** The model that answered or was to answer. */
  model: z.string().nullable(),
  /** Ids that the provider lists; absent when it does not tell. */
  models: z.array(z.string()).optional(),
  error: z
    .object({ reason: z.string(), message: z.string(), failure: z.string().optional(), hint: z.string().optional() })
    .optional(),
});

/** A provider that is not in config.toml yet, or what shall change in its table; what is left out stays. */
export const proposal = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "must be letters, digits, . _ or -"),
  type: z.string().min(1).max(100).describe("what it speaks; the id if left out"),
  base_url: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .optional()
    .describe("address of its API; null is the usual one"),
  api_key: z.string().min(1).max(16_384).optional().describe("the key itself, or a reference such as env:NAME"),
  model: z.string().min(1).max(500).optional().describe("what is asked, as the provider calls it"),
});
export type Proposal = z.output<typeof proposal>;
