import * as z from "zod";
import type { Generations } from "../../generation/generations.ts";
import { linkedMedia, toWireMedia } from "../../generation/wire.ts";
import { defineMethod } from "../../sdk/method.ts";

export const generationImage = defineMethod({
  name: "generation.image",
  summary: "Make pictures from a description and answer when they are there",
  scope: "chat",
  rate: "run",
  params: z.strictObject({
    prompt: z.string().min(1).max(32_000),
    model: z.string().min(1).optional().describe("models.image of the config if left out"),
    size: z
      .string()
      .regex(/^(?:auto|\d{2,5}x\d{2,5})$/, "must be such as 1024x1024")
      .optional(),
    count: z.int().min(1).max(10).optional(),
    session_key: z.string().optional().describe("the session that they are for; of an ephemeral one nothing is kept"),
  }),
  result: z.object({ provider: z.string(), model: z.string(), media: z.array(linkedMedia) }),
  async handle(
    { generations }: { generations: Pick<Generations, "image"> },
    { session_key, ...wish },
    { grant, connection, signal },
  ) {
    const asking = { grant: grant!, credential: connection.rights?.credentials[0] };
    const { provider, model, media } = await generations.image({ ...wish, sessionKey: session_key }, asking, signal);
    return { provider, model, media: media.map(toWireMedia) };
  },
});
