import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";

export const rpcPing = defineMethod({
  name: "rpc.ping",
  summary: "Answer at once",
  scope: "read",
  guest: {},
  params: z.strictObject({}),
  result: z.object({ pong: z.literal(true), ts: z.number() }),
  handle({ now }: { now: () => number }) {
    return { pong: true as const, ts: now() };
  },
});
