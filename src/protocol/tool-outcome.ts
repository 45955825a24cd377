/** How a tool call ended, for whoever made it by hand. */
import * as z from "zod";
import { mediaPart } from "./message.ts";

export const toolOutcome = z.object({
  ok: z.boolean(),
  /** What a model would read; why not, when it is not ok. */
  result: z.string(),
  media: z.array(mediaPart).optional(),
});
