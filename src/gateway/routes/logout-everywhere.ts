import type { Auth } from "../../auth/auth.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineRoute } from "../../sdk/route.ts";
import { sessionCookie } from "../cookie.ts";

/** Ends every login of whoever the cookie belongs to, and the sockets that used them. */
export const logoutEverywhereRoute = defineRoute<{ auth: Auth }>({
  auth: "public",
  async handle({ auth }, { cookie, secure }) {
    const login = cookie === undefined ? undefined : auth.logins.byCookie(cookie);
    if (!login) throw new AlephError("unauthenticated", "Nobody is logged in here");
    const ended = await auth.logOutEverywhere(login.identity);
    return Response.json(
      { ended },
      { headers: { "set-cookie": sessionCookie(undefined, { expiresAt: 0, secure }), "cache-control": "no-store" } },
    );
  },
});
