import * as z from "zod";
import { ROLES, SCOPES } from "../../protocol/identity.ts";
import { defineMethod } from "../../sdk/method.ts";

export const authWhoami = defineMethod({
  name: "auth.whoami",
  summary: "Tell who the caller is and what it may do",
  scope: "read",
  guest: {},
  params: z.strictObject({}),
  result: z.object({
    identity: z.object({ id: z.string(), kind: z.string() }),
    role: z.enum(ROLES),
    scopes: z.array(z.enum(SCOPES)),
  }),
  handle(_: object, _params, call) {
    const { identity, role, scopes } = call.grant!;
    return { identity: { ...identity }, role, scopes: [...scopes] };
  },
});
