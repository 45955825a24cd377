/** The HTTP routes of plugins, under `/plugins/<id>/`. */
import { describeError, type Log } from "../lib/log.ts";
import { createTokenBucket, type TokenBucket } from "../lib/token-bucket.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { ActivePlugin, ActivePlugins, PluginRoute } from "../sdk/plugin.ts";
import type { PluginHttpContext } from "../sdk/plugin-route.ts";
import { toResponse } from "./route-answer.ts";
import { readBody, toPluginRequest } from "./route-request.ts";
import { isSigned } from "./route-signature.ts";

export interface PluginRoutesOptions {
  readonly plugins: Pick<ActivePlugins, "current">;
  readonly log: Log;
  /** Requests a second of one identity, or of one stranger's address; 0 is no limit. */
  readonly rate: () => number;
  readonly monotonic: () => number;
}

export interface RouteCall {
  readonly request: Request;
  /** Of the peer; for limits, never for trust. */
  readonly address: string;
  /** Throws `unauthenticated`, `auth_failed` or `forbidden` for whoever may not use a `token` route. */
  authenticate(): Grant;
}

interface Found {
  readonly plugin: ActivePlugin;
  readonly route: PluginRoute;
}

const MAX_BODY = 1024 * 1024;
const TIMEOUT_MS = 30_000;
/** Requests of one plugin that may be under way. */
const MAX_BUSY = 64;
/** Buckets that are remembered. */
const MAX_BUCKETS = 10_000;

export class PluginRoutes {
  readonly #o: PluginRoutesOptions;
  readonly #busy = new Map<string, number>();
  readonly #buckets = new Map<string, { readonly bucket: TokenBucket; readonly rate: number }>();

  constructor(options: PluginRoutesOptions) {
    this.#o = options;
  }

  /**
   * A path is compared as it came, letter by letter: nothing in it is decoded. Whoever may not use `token` routes gets
   * the same answer for a plugin that is not there as for one that is. Throws `not_found`, `payload_too_large`,
   * `rate_limited`, `overloaded`, `timeout`, `plugin_error`, and as `RouteCall.authenticate`.
   */
  async answer(call: RouteCall): Promise<Response> {
    const url = new URL(call.request.url);
    const [, id = "", path = ""] = /^\/plugins\/([^/]+)(\/.*)$/.exec(url.pathname) ?? [];
    const found = await this.#find(call.request.method, id, path);
    // Who may know which plugins there are is asked before it is said that there is none.
    if (!found) {
      call.authenticate();
      throw new AlephError("not_found", "Nothing is served at this path");
    }
    const grant = found.route.auth === "token" ? call.authenticate() : undefined;
    this.#limit(grant ? `identity ${grant.identity.id}` : `address ${call.address}`);
    using _ = this.#occupy(id);
    return await this.#handle(found, call, url, grant);
  }

  async #find(method: string, id: string, path: string): Promise<Found | undefined> {
    const plugins = await this.#o.plugins.current();
    const plugin = plugins.find(({ manifest }) => manifest.id === id);
    const here = plugin?.manifest.httpRoutes.filter((route) => route.path === path) ?? [];
    const wanted = here.find((route) => route.method === method);
    const route = wanted ?? (method === "HEAD" ? here.find((known) => known.method === "GET") : undefined);
    return plugin && route ? { plugin, route } : undefined;
  }

  async #handle({ plugin, route }: Found, call: RouteCall, url: URL, grant: Grant | undefined): Promise<Response> {
    const { request } = call;
    const { auth, path, handler, maxBody = MAX_BODY, timeoutMs = TIMEOUT_MS } = route;
    const { id } = plugin.manifest;
    const log = this.#o.log.child({ plugin: id, route: `${route.method} ${path}` });
    const began = this.#o.monotonic();
    const slow = new AbortController();
    const late = new AlephError("timeout", `The body did not come within ${timeoutMs} ms`);
    const timer = setTimeout(() => slow.abort(late), timeoutMs);
    try {
      const body = await readBody(request, maxBody, AbortSignal.any([request.signal, slow.signal]));
      clearTimeout(timer);
      if (auth === "signature") this.#checkSignature({ plugin, route }, call, body, log);
      const context: PluginHttpContext = { auth, identity: grant?.identity.id ?? null };
      const args = toPluginRequest(request, url, path, body);
      const answer = await plugin.call({
        handler,
        args,
        context: { ...context },
        signal: request.signal,
        timeoutMs: Math.max(1, Math.ceil(timeoutMs - (this.#o.monotonic() - began))),
      });
      return toResponse(answer, (header) => log.debug("header of a plugin's answer left out", { header }));
    } catch (thrown) {
      const error = AlephError.from(thrown);
      if (error.reason !== "plugin_error") throw error;
      log.warn("plugin could not answer", describeError(thrown));
      if (grant) throw error;
      // What broke inside is not for strangers.
      throw new AlephError("plugin_error", "The plugin could not answer");
    } finally {
      clearTimeout(timer);
    }
  }

  #checkSignature({ plugin, route }: Found, call: RouteCall, body: Uint8Array, log: Log): void {
    const signature = route.signature!;
    const secret = plugin.env[signature.secret];
    if (!secret) {
      log.error("route cannot be used: its secret is not set, or not in permissions.env", {
        variable: signature.secret,
      });
      throw new AlephError("overloaded", "This is not available now");
    }
    if (isSigned(body, call.request.headers, signature, secret)) return;
    log.warn("request with a wrong signature refused", { address: call.address });
    call.authenticate();
    // The owner may know what it is for which the token does not do.
    throw new AlephError("forbidden", `The body must be signed, in header "${signature.header}"`);
  }

  #limit(who: string): void {
    const rate = this.#o.rate();
    if (rate <= 0) return;
    let held = this.#buckets.get(who);
    if (held?.rate !== rate) {
      held = { bucket: createTokenBucket(rate, this.#o.monotonic), rate };
      this.#buckets.set(who, held);
      if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!);
    }
    const waitMs = held.bucket.take();
    if (waitMs === 0) return;
    throw new AlephError("rate_limited", `More than ${rate} requests a second`, { data: { retry_after_ms: waitMs } });
  }

  #occupy(id: string): Disposable {
    const busy = this.#busy.get(id) ?? 0;
    if (busy >= MAX_BUSY) throw new AlephError("overloaded", "Too many requests are under way");
    this.#busy.set(id, busy + 1);
    return {
      [Symbol.dispose]: () => {
        const left = this.#busy.get(id)! - 1;
        if (left > 0) this.#busy.set(id, left);
        else this.#busy.delete(id);
      },
    };
  }
}
