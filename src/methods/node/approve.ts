import * as z from "zod";
import type { Auth } from "../../auth/auth.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineMethod } from "../../sdk/method.ts";

export const nodeApprove = defineMethod({
  name: "node.approve",
  summary: "Let a waiting node in, by the code that it shows or the id of its request",
  scope: "admin",
  params: z.strictObject({ code: z.string().min(1).max(64) }),
  result: z.object({ node_id: z.string(), name: z.string() }),
  async handle({ auth }: { auth: Pick<Auth, "approvePairing" | "pairings"> }, { code }, { grant }) {
    const waiting = auth.pairings.find(code);
    if (waiting && waiting.role !== "node") {
      throw new AlephError("conflict", "What waits with this code is no node", {
        data: { hint: "auth.pairing.approve lets in terminals" },
      });
    }
    const device = await auth.approvePairing(code, grant!, []);
    return { node_id: device.device_id, name: device.name };
  },
});
