import * as z from "zod";
import type { Auth } from "../../../auth/auth.ts";
import { defineMethod } from "../../../sdk/method.ts";

export const authLoginsEndAll = defineMethod({
  name: "auth.logins.endAll",
  summary:
    "Log the caller's identity out everywhere: each login of the panel and each kept session ends, and its sockets",
  scope: "read",
  rate: "write",
  params: z.strictObject({}),
  result: z.object({ ended: z.number() }),
  async handle({ auth }: { auth: Pick<Auth, "logOutEverywhere"> }, _params, { grant }) {
    return { ended: await auth.logOutEverywhere(grant!.identity.id) };
  },
});
