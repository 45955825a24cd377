import * as z from "zod";
import { AlephError } from "../../protocol/errors.ts";
import { job } from "../../protocol/job.ts";
import type { Jobs } from "../../sandbox/jobs.ts";
import { toWireJob } from "../../sandbox/wire-job.ts";
import { defineMethod } from "../../sdk/method.ts";

export const jobsKill = defineMethod({
  name: "jobs.kill",
  summary: "End a command in the background with all that it has started; one that has ended stays as it is",
  scope: "write",
  params: z.strictObject({ job_id: z.string() }),
  result: job,
  async handle({ jobs }: { jobs: () => Promise<Pick<Jobs, "all" | "kill">> }, { job_id }) {
    const known = await jobs();
    const found = known.all().find((each) => each.job_id === job_id);
    if (!found) {
      throw new AlephError("not_found", `No job ${JSON.stringify(job_id.slice(0, 80))}`, {
        data: { hint: "jobs.list shows those that there are" },
      });
    }
    return toWireJob(found.end ? found : await known.kill(found.session_key, job_id));
  },
});
