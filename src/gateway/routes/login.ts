import type { Auth } from "../../auth/auth.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineRoute } from "../../sdk/route.ts";
import { sessionCookie } from "../cookie.ts";

/**
 * Takes the owner's token, from the login page's script as JSON or from a plain form. Answers with a cookie and, to the
 * script, with the key that must come along with it. A form without the script gets the cookie alone and goes to `/`.
 */
export const loginRoute = defineRoute<{ auth: Auth }>({
  auth: "public",
  async handle({ auth }, { request, address, cookie, secure }) {
    const isForm = (request.headers.get("content-type") ?? "").startsWith("application/x-www-form-urlencoded");
    const token = isForm ? await tokenOfForm(request) : await tokenOfJson(request);
    const authenticated = auth.authenticate({ token }, { address, cookie: undefined });
    // A login ends the one before: nobody can fix a session on someone else.
    if (cookie) await auth.logins.endByCookie(cookie);
    const login = auth.issueSession("panel", authenticated);
    const headers = new Headers({
      "set-cookie": sessionCookie(login.cookie, { expiresAt: login.expiresAt, secure }),
      "cache-control": "no-store",
    });
    if (isForm) {
      headers.set("location", "/");
      return new Response(null, { status: 303, headers });
    }
    return Response.json({ session_token: login.token, expires_at: login.expiresAt }, { headers });
  },
});

async function tokenOfForm(request: Request): Promise<string> {
  return tokenOf(new URLSearchParams(await request.text()).get("token"));
}

async function tokenOfJson(request: Request): Promise<string> {
  if (!(request.headers.get("content-type") ?? "").startsWith("application/json")) {
    throw new AlephError("invalid_request", "Send the token as JSON or as a form");
  }
  const body: unknown = await request.json().catch(() => undefined);
  return tokenOf(typeof body === "object" && body !== null && "token" in body ? body.token : undefined);
}

function tokenOf(value: unknown): string {
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  throw new AlephError("invalid_params", "The token is missing", {
    data: {
      issues: [{ path: "token", message: "must not be empty" }],
      hint: "It is in ALEPH_HOME/credentials/token on the server",
    },
  });
}
