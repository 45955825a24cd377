import * as z from "zod";
import type { Services } from "../../plugin/services.ts";
import { service } from "../../protocol/service.ts";
import { defineMethod } from "../../sdk/method.ts";

export const servicesStop = defineMethod({
  name: "services.stop",
  summary: "Stop a plugin's service until it is started again or the server starts anew",
  scope: "admin",
  params: z.strictObject({
    name: z.string().describe("plugin-id/name, or the name alone where only one plugin has it"),
  }),
  result: service,
  async handle({ services }: { services: () => Promise<Pick<Services, "stop">> }, { name }) {
    return (await services()).stop(name);
  },
});
