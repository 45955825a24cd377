/** What passes between the server and the handlers of a plugin's `[[http_routes]]`: plain JSON in snake_case. */

/** A path has no parameters: it is compared letter by letter, undecoded, and a slash at its end counts. */
export interface PluginHttpRequest {
  readonly method: string;
  /** As in the manifest: below `/plugins/<id>`. */
  readonly path: string;
  /** Of several values with the same name the first. */
  readonly query: Readonly<Record<string, string>>;
  /** By lower-case name, without `authorization`, `proxy-authorization` and `cookie`. */
  readonly headers: Readonly<Record<string, string>>;
  /** As text where it is UTF-8, else in base64. */
  readonly body: string;
  readonly encoding: "utf8" | "base64";
}

/** Without anything: status 204. */
export interface PluginHttpAnswer {
  /** 200 to 599; default 200. */
  readonly status?: number;
  /**
   * Those that describe the body, caching, `location`, `retry-after` and names with `x-`; others are left out. A page
   * runs no script and belongs to no origin.
   */
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or with `encoding` bytes; anything else is sent as JSON. */
  readonly body?: unknown;
  readonly encoding?: "utf8" | "base64";
}

/** The handler's second argument. */
export interface PluginHttpContext {
  readonly auth: "token" | "public" | "signature";
  /** Who asks, on a `token` route. */
  readonly identity: string | null;
}
