import * as z from "zod";
import type { Services } from "../../plugin/services.ts";
import { service } from "../../protocol/service.ts";
import { defineMethod } from "../../sdk/method.ts";

export const servicesStart = defineMethod({
  name: "services.start",
  summary: "Start a plugin's service",
  scope: "admin",
  params: z.strictObject({
    name: z.string().describe("plugin-id/name, or the name alone where only one plugin has it"),
  }),
  result: service,
  async handle({ services }: { services: () => Promise<Pick<Services, "start">> }, { name }) {
    return (await services()).start(name);
  },
});
