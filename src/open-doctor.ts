/** The doctor of a server, loaded when somebody asks it. */
import type { Doctor, DoctorOptions } from "./doctor/doctor.ts";
import { once } from "./lib/once.ts";
import type { Models } from "./providers/models.ts";

export type DoctorNeeds = Omit<DoctorOptions, "askProviders"> & { readonly models: Pick<Models, "describe" | "list"> };

export function openDoctor({ models, ...options }: DoctorNeeds): () => Promise<Doctor> {
  return once(async () => {
    const { Doctor } = await import("./doctor/doctor.ts");
    return new Doctor({
      ...options,
      askProviders: async (signal) => ({ ...(await models.describe(signal)), ...(await models.list(signal)) }),
    });
  });
}
