/** What the routes of `/v1` share: errors in the dialect's shape, and a request made into a call of the service. */
import { readBody, type SingleCall } from "../completion/call.ts";
import type { Completion, KnownModel } from "../completion/completion.ts";
import { dialectError } from "../dialects/errors.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Dialect } from "../sdk/provider.ts";
import { defineRoute, type Route, type RouteRequest } from "../sdk/route.ts";

export interface CompletionNeeds {
  /** Loaded with the first request, and at once from then on. */
  readonly completion: () => Completion | Promise<Completion>;
}

/** Headers by which a vendor's clients ask for what is in the vendor's format. */
const VENDOR_HEADERS = ["anthropic-version", "anthropic-beta", "openai-beta"];

/** A route whose errors have the shape of OpenAI's, or of the dialect's. */
export function apiRoute(
  handle: (completion: Completion, request: RouteRequest) => Response | Promise<Response>,
  dialect: Dialect = "chat",
): Route<CompletionNeeds> {
  return defineRoute<CompletionNeeds>({
    auth: "api_key",
    scope: "chat",
    refuse: (error) => dialectError(dialect, error),
    handle({ completion }, route) {
      // Models take longer than any silence that a server allows by itself.
      route.keepAlive();
      const service = completion();
      return service instanceof Promise ? service.then((loaded) => handle(loaded, route)) : handle(service, route);
    },
  });
}

export function completionRoute(dialect: Dialect, path: string): Route<CompletionNeeds> {
  const begin = async (completion: Completion, { request, grant, credential }: RouteRequest) => {
    const text = await request.text();
    const { headers, signal } = request;
    return await completion.complete({
      route: path,
      grant: grant!,
      credential,
      sessionKey: sessionKeyOf(headers),
      signal,
      dialect,
      text,
      body: readBody(text),
      vendorHeaders: vendorHeaders(headers),
    });
  };
  return apiRoute(begin, dialect);
}

export function singleCall(path: string, { request, grant, credential }: RouteRequest): SingleCall {
  return {
    route: path,
    origin: new URL(request.url).origin,
    grant: grant!,
    credential,
    sessionKey: sessionKeyOf(request.headers),
    signal: request.signal,
  };
}

function sessionKeyOf(headers: Headers): string | undefined {
  return headers.get("x-aleph-session-key") ?? undefined;
}

/** What is behind the part of the path that `pattern` names; routes with a catch-all have no other way. */
export function pathParameter({ request }: RouteRequest, pattern: RegExp): string {
  const [, value = ""] = pattern.exec(new URL(request.url).pathname) ?? [];
  try {
    return decodeURIComponent(value);
  } catch (cause) {
    throw new AlephError("invalid_request", "The path is not valid", { cause });
  }
}

function vendorHeaders(headers: Headers): Record<string, string> | undefined {
  let found: Record<string, string> | undefined;
  for (const name of VENDOR_HEADERS) {
    const value = headers.get(name);
    if (value !== null) found = { ...found, [name]: value };
  }
  return found;
}

/** When a model was made is not known of most. */
export function describeModel({ id, owner, name }: KnownModel) {
  return {
    id,
    object: "model",
    created: 0,
    owned_by: owner,
    type: "model",
    display_name: name,
    created_at: "1970-01-01T00:00:00Z",
  };
}
