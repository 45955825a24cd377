import type { Auth } from "../../auth/auth.ts";
import { defineRoute } from "../../sdk/route.ts";
import { sessionCookie } from "../cookie.ts";

/** Ends the login that the cookie belongs to, and the sockets that used it; harmless without one. */
export const logoutRoute = defineRoute<{ auth: Auth }>({
  auth: "public",
  async handle({ auth }, { cookie, secure }) {
    if (cookie) await auth.logOut(cookie);
    return new Response(null, {
      status: 204,
      headers: { "set-cookie": sessionCookie(undefined, { expiresAt: 0, secure }), "cache-control": "no-store" },
    });
  },
});
