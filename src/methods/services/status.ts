import * as z from "zod";
import type { Services } from "../../plugin/services.ts";
import { service } from "../../protocol/service.ts";
import { defineMethod } from "../../sdk/method.ts";

export const servicesStatus = defineMethod({
  name: "services.status",
  summary: "Tell the state of a plugin's service",
  scope: "read",
  params: z.strictObject({
    name: z.string().describe("plugin-id/name, or the name alone where only one plugin has it"),
  }),
  result: service,
  async handle({ services }: { services: () => Promise<Pick<Services, "status">> }, { name }) {
    return (await services()).status(name);
  },
});
