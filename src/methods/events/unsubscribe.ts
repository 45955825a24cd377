import * as z from "zod";
import { AlephError } from "../../protocol/errors.ts";
import { defineMethod } from "../../sdk/method.ts";

export const eventsUnsubscribe = defineMethod({
  name: "events.unsubscribe",
  summary: "End a subscription",
  scope: "read",
  guest: {},
  params: z.strictObject({ pattern: z.string() }),
  result: z.object({ pattern: z.string() }),
  handle(_: object, { pattern }, { connection }) {
    if (!connection.unsubscribe(pattern))
      throw new AlephError("not_found", `No subscription "${pattern}" on this connection`);
    return { pattern };
  },
});
