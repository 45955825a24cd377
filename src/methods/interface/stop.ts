import * as z from "zod";
import type { Interfaces } from "../../channel/interfaces.ts";
import { toWireInterface } from "../../channel/wire.ts";
import { interfaceStatus } from "../../protocol/interface.ts";
import { defineMethod } from "../../sdk/method.ts";

export const interfaceStop = defineMethod({
  name: "interface.stop",
  summary: "Stop an interface until it is started again",
  scope: "admin",
  params: z.strictObject({ interface: z.string() }),
  result: interfaceStatus,
  async handle({ interfaces }: { interfaces: Pick<Interfaces, "stop" | "status"> }, { interface: id }) {
    await interfaces.stop(id);
    return toWireInterface(await interfaces.status(id));
  },
});
