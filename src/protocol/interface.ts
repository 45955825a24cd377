/** Interfaces on the wire: the channels over which people write. */
import * as z from "zod";

export const interfaceStatus = z.object({
  interface: z.string(),
  /** As config.toml says; what was started or stopped by hand shows in `state`. */
  enabled: z.boolean(),
  state: z.enum(["stopped", "starting", "running", "error"]),
  /** Why the last attempt to start failed, until one succeeds. */
  error: z.object({ reason: z.string(), message: z.string() }).nullable(),
  capabilities: z.object({
    edit: z.boolean(),
    react: z.boolean(),
    typing: z.boolean(),
    files: z.boolean(),
    threads: z.boolean(),
    buttons: z.boolean(),
  }),
  limits: z.object({ message: z.number().describe("characters of one message") }),
  /** Messages of people who may not write, since the server started. */
  refused: z.number(),
});
export type WireInterface = z.output<typeof interfaceStatus>;
