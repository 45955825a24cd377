import * as z from "zod";
import type { Toolbox } from "../../agent/toolbox.ts";
import { defineMethod } from "../../sdk/method.ts";

export const toolList = defineMethod({
  name: "tool.list",
  summary: "List the tools that an agent may use, with the JSON Schema of their arguments",
  scope: "read",
  params: z.strictObject({ agent: z.string().default("main") }),
  result: z.object({
    tools: z.array(
      z.object({
        name: z.string(),
        description: z.string(),
        parallel: z.boolean(),
        parameters: z.record(z.string(), z.unknown()),
        /** Whether an invite may hold it. */
        guests: z.boolean(),
      }),
    ),
  }),
  async handle({ toolbox }: { toolbox: Pick<Toolbox, "specs" | "offeredToGuests"> }, { agent }) {
    const [tools, offered] = await Promise.all([toolbox.specs(agent, null, "all"), toolbox.offeredToGuests()]);
    return { tools: tools.map((tool) => ({ ...tool, guests: offered.includes(tool.name) })) };
  },
});
