/** What the routes of `/v1` share: errors in the dialect's shape, and a request made into a call of the service. */
import { type CompletionCall, readBody } from "../completion/call.ts";
import type { Completion } from "../completion/completion.ts";
import { dialectError } from "../dialects/errors.ts";
import type { Dialect } from "../sdk/provider.ts";
import { defineRoute, type Route, type RouteRequest } from "../sdk/route.ts";

export interface CompletionNeeds {
  /** Loaded with the first request. */
  readonly completion: () => Promise<Completion>;
}

/** Headers by which a vendor's clients ask for what is in the vendor's format. */
const VENDOR_HEADERS = ["anthropic-version", "anthropic-beta", "openai-beta"];

export function completionRoute(dialect: Dialect, path: string): Route<CompletionNeeds> {
  return defineRoute<CompletionNeeds>({
    auth: "api_key",
    scope: "chat",
    refuse: (error) => dialectError(dialect, error),
    async handle({ completion }, route) {
      // Models take longer than any silence that a server allows by itself.
      route.keepAlive();
      const text = await route.request.text();
      return (await completion()).complete(callOf(dialect, path, route, text));
    },
  });
}

function callOf(dialect: Dialect, path: string, route: RouteRequest, text: string): CompletionCall {
  const { headers, signal } = route.request;
  let vendorHeaders: Record<string, string> | undefined;
  for (const name of VENDOR_HEADERS) {
    const value = headers.get(name);
    if (value !== null) vendorHeaders = { ...vendorHeaders, [name]: value };
  }
  return {
    dialect,
    route: path,
    text,
    body: readBody(text),
    grant: route.grant!,
    credential: route.credential,
    sessionKey: headers.get("x-aleph-session-key") ?? undefined,
    vendorHeaders,
    signal,
  };
}
