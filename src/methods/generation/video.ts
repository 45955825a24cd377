import * as z from "zod";
import type { Generations } from "../../generation/generations.ts";
import { generationJob, toWireJob } from "../../generation/wire.ts";
import { defineMethod } from "../../sdk/method.ts";

export const generationVideo = defineMethod({
  name: "generation.video",
  summary: "Begin a video from a description: answered once the provider has taken it, progress follows as events",
  scope: "chat",
  rate: "run",
  params: z.strictObject({
    prompt: z.string().min(1).max(32_000),
    model: z.string().min(1).optional().describe("models.video of the config if left out"),
    size: z
      .string()
      .regex(/^\d{2,5}x\d{2,5}$/, "must be such as 1280x720")
      .optional(),
    seconds: z.int().min(1).max(120).optional(),
    session_key: z.string().optional().describe("the session that it is for; of an ephemeral one nothing is kept"),
  }),
  result: generationJob,
  async handle(
    { generations }: { generations: Pick<Generations, "video"> },
    { session_key, ...wish },
    { grant, connection, signal },
  ) {
    const asking = { grant: grant!, credential: connection.rights?.credentials[0] };
    return toWireJob(await generations.video({ ...wish, sessionKey: session_key }, asking, signal));
  },
});
