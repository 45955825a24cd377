import * as z from "zod";
import type { Interfaces } from "../../channel/interfaces.ts";
import { toWireInterface } from "../../channel/wire.ts";
import { interfaceStatus } from "../../protocol/interface.ts";
import { defineMethod } from "../../sdk/method.ts";

export const interfaceList = defineMethod({
  name: "interface.list",
  summary: "List the interfaces over which people write, with their state",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({ interfaces: z.array(interfaceStatus) }),
  async handle({ interfaces }: { interfaces: Pick<Interfaces, "list"> }) {
    return { interfaces: (await interfaces.list()).map(toWireInterface) };
  },
});
