import * as z from "zod";
import type { Generations } from "../../generation/generations.ts";
import { generationJob, toWireJob } from "../../generation/wire.ts";
import { defineMethod } from "../../sdk/method.ts";

export const generationStatus = defineMethod({
  name: "generation.status",
  summary: "Tell how a job stands, with links to what it made",
  scope: "read",
  params: z.strictObject({ job_id: z.string() }),
  result: generationJob,
  handle({ generations }: { generations: Pick<Generations, "status"> }, { job_id }, { grant }) {
    return toWireJob(generations.status(job_id, grant!));
  },
});
