import type { Auth } from "../../auth/auth.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineRoute } from "../../sdk/route.ts";
import { sessionCookie } from "../cookie.ts";

/** A secret and a little around it: nobody is known yet. */
const MAX_BODY = 4096;

/**
 * Takes a token, or the owner's password, from the login page's script as JSON or from a plain form. Answers with a cookie and, to the
 * script, with the key that must come along with it. A form without the script gets the cookie alone and goes to `/`.
 */
export const loginRoute = defineRoute<{ auth: Auth }>({
  auth: "public",
  async handle({ auth }, { request, address, cookie, secure }) {
    const [type = ""] = (request.headers.get("content-type") ?? "").toLowerCase().split(/\s*;/);
    const isForm = type === "application/x-www-form-urlencoded";
    if (!isForm && type !== "application/json") {
      throw new AlephError("invalid_request", "Send the password or token as JSON or as a form");
    }
    const body = await readBody(request);
    const form = new URLSearchParams(isForm ? body : "");
    const secret = secretOf(isForm ? (form.get("password") ?? form.get("token")) : parseJson(body));
    const rights = await auth.authenticateLogin(secret, address);
    // A login ends the one before: nobody can fix a session on someone else.
    if (cookie) await auth.logOut(cookie);
    const login = auth.issueSession("panel", rights);
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

async function readBody(request: Request): Promise<string> {
  const decoder = new TextDecoder();
  let size = 0;
  let text = "";
  for await (const part of request.body ?? []) {
    size += part.byteLength;
    if (size > MAX_BODY) throw new AlephError("payload_too_large", `A login may have ${MAX_BODY} bytes`);
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

function parseJson(body: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new AlephError("invalid_request", "The body is not JSON", { cause });
  }
  if (typeof value !== "object" || value === null) return undefined;
  return "password" in value ? value.password : "token" in value ? value.token : undefined;
}

/** In whichever field it stands: the page has one for both. */
function secretOf(value: unknown): string {
  if (typeof value === "string" && value.trim() !== "") return value.trim();
  throw new AlephError("invalid_params", "The password or token is missing", {
    data: {
      issues: [{ path: "token", message: "must not be empty" }],
      hint: "It is in ALEPH_HOME/credentials/token on the server",
    },
  });
}
