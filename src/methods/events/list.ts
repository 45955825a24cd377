import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";

export const eventsList = defineMethod({
  name: "events.list",
  summary: "List this connection's subscriptions",
  scope: "read",
  guest: {},
  params: z.strictObject({}),
  result: z.object({ patterns: z.array(z.string()) }),
  handle(_: object, _params, { connection }) {
    return { patterns: [...connection.subscriptions] };
  },
});
