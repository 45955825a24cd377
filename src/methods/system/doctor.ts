import * as z from "zod";
import type { Doctor } from "../../doctor/doctor.ts";
import { finding } from "../../protocol/finding.ts";
import { defineMethod } from "../../sdk/method.ts";

export const systemDoctor = defineMethod({
  name: "system.doctor",
  summary: "Look at everything that has to be right: the home, the config, the database, the sandbox, the providers",
  scope: "admin",
  rate: "run",
  params: z.strictObject({}),
  result: z.object({ findings: z.array(finding), taken_at: z.number() }),
  async handle({ doctor, now }: { doctor: () => Promise<Pick<Doctor, "examine">>; now: () => number }, _params, call) {
    const findings = await (await doctor()).examine(call.signal);
    return { findings: [...findings], taken_at: now() };
  },
});
