import * as z from "zod";
import type { Interfaces } from "../../channel/interfaces.ts";
import { toWireInterface } from "../../channel/wire.ts";
import { interfaceStatus } from "../../protocol/interface.ts";
import { defineMethod } from "../../sdk/method.ts";

export const interfaceStart = defineMethod({
  name: "interface.start",
  summary: "Start an interface, or try one again at once that could not be started",
  scope: "admin",
  params: z.strictObject({ interface: z.string() }),
  result: interfaceStatus,
  async handle({ interfaces }: { interfaces: Pick<Interfaces, "start" | "status"> }, { interface: id }) {
    await interfaces.start(id);
    return toWireInterface(await interfaces.status(id));
  },
});
