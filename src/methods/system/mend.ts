import * as z from "zod";
import type { Doctor } from "../../doctor/doctor.ts";
import { FIXES } from "../../protocol/finding.ts";
import { defineMethod } from "../../sdk/method.ts";

export const systemMend = defineMethod({
  name: "system.mend",
  summary: "Do what a finding of the doctor names as its fix",
  scope: "admin",
  params: z.strictObject({ fix: z.enum(FIXES) }),
  result: z.object({ fix: z.enum(FIXES) }),
  async handle({ doctor }: { doctor: () => Promise<Pick<Doctor, "mend">> }, { fix }) {
    (await doctor()).mend(fix);
    return { fix };
  },
});
