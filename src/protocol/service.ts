/** Services of plugins on the wire. */
import * as z from "zod";

export const service = z.object({
  /** Unique within its plugin; `plugin_id/name` is unique everywhere. */
  name: z.string(),
  plugin_id: z.string(),
  description: z.string(),
  /** Each is followed by the next, and `stopping` by `stopped`; what fails is `stopped` with its error. */
  state: z.enum(["stopped", "starting", "running", "stopping"]),
  /** Why it is not running, until it is. */
  error: z.object({ reason: z.string(), message: z.string() }).nullable(),
  /** When it came into this state. */
  since: z.number(),
  auto_start: z.boolean(),
  /** When it is started again after a failure. */
  restart_at: z.number().nullable(),
});
export type WireService = z.output<typeof service>;
