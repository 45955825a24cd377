import * as z from "zod";
import type { Services } from "../../plugin/services.ts";
import { service } from "../../protocol/service.ts";
import { defineMethod } from "../../sdk/method.ts";

export const servicesList = defineMethod({
  name: "services.list",
  summary: "List the background services of plugins, with their state",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({ services: z.array(service) }),
  async handle({ services }: { services: () => Promise<Pick<Services, "list">> }) {
    return { services: [...(await services()).list()] };
  },
});
