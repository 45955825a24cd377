import * as z from "zod";
import type { Interfaces } from "../../channel/interfaces.ts";
import { toWireInterface } from "../../channel/wire.ts";
import { interfaceStatus } from "../../protocol/interface.ts";
import { defineMethod } from "../../sdk/method.ts";

export const interfaceStatusMethod = defineMethod({
  name: "interface.status",
  summary: "Show the state of an interface, and why it could not be started",
  scope: "read",
  params: z.strictObject({ interface: z.string() }),
  result: interfaceStatus,
  async handle({ interfaces }: { interfaces: Pick<Interfaces, "status"> }, { interface: id }) {
    return toWireInterface(await interfaces.status(id));
  },
});
