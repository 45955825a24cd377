/** Where the browser comes back to after a login: a page on the loopback for one visit (RFC 8252 §7.3). */
import { AlephError } from "../protocol/errors.ts";

export interface Callback extends AsyncDisposable {
  readonly url: string;
  /** Says that the visit belongs to this login (RFC 6749 §10.12). */
  readonly state: string;
  /** Rejects when it was refused or nobody came in time. */
  readonly code: Promise<string>;
  /** As if the browser had come to this address. Throws `invalid_params` for one that is not of this login. */
  take(address: string): void;
}

const WAIT_MS = 600_000;

export async function openCallback(): Promise<Callback> {
  const state = Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("base64url");
  const code = Promise.withResolvers<string>();
  // Whoever waits for it is told; nobody may.
  code.promise.catch(() => "told to who waits");
  const take = (params: URLSearchParams): string => {
    if (params.get("state") !== state) {
      throw new AlephError("invalid_params", "This does not belong to the login that is under way");
    }
    const error = params.get("error");
    const given = params.get("code");
    if (error !== null || given === null) {
      const why = (params.get("error_description") ?? error ?? "no code came back").slice(0, 300);
      code.reject(new AlephError("mcp_error", `The login was refused: ${why}`, { data: { code: "login" } }));
      return "The login was refused. You can close this page.";
    }
    code.resolve(given);
    return "Logged in. You can close this page.";
  };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    development: false,
    fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
      if (pathname !== "/callback") return new Response("Nothing is here\n", { status: 404, headers });
      try {
        return new Response(`${take(searchParams)}\n`, { headers });
      } catch (thrown) {
        return new Response(`${AlephError.from(thrown).message}\n`, { status: 400, headers });
      }
    },
    error: () => new Response("Internal error\n", { status: 500 }),
  });
  const timer = setTimeout(() => {
    code.reject(new AlephError("timeout", "Nobody logged in within ten minutes"));
  }, WAIT_MS);
  timer.unref();
  return {
    url: `http://127.0.0.1:${server.port}/callback`,
    state,
    code: code.promise,
    take(address) {
      const url = URL.parse(address);
      if (!url) throw new AlephError("invalid_params", "This is not the address that the browser ended at");
      take(url.searchParams);
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      code.reject(new AlephError("cancelled", "The login was given up"));
      await server.stop(false);
    },
  };
}
