import * as z from "zod";
import { defineMethod } from "../../sdk/method.ts";

export const rpcDiscover = defineMethod({
  name: "rpc.discover",
  summary: "Describe all methods and events as an OpenRPC 1.3 document",
  scope: "read",
  params: z.strictObject({}),
  result: z.record(z.string(), z.unknown()),
  handle({ describe }: { describe: () => Promise<Record<string, unknown>> }) {
    return describe();
  },
});
