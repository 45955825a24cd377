/** `request` and `get` of `node:http` and `node:https` by way of the server, for the clients that are built on them. */
import type * as Http from "node:http";
import type { Broker } from "./broker.ts";
import { defineClientRequest, type RequestOptions } from "./http-request.ts";

type Callback = (response: unknown) => void;

export function installHttp(broker: Broker): void {
  const http = process.getBuiltinModule("node:http") as typeof Http & Record<string, unknown>;
  const https = process.getBuiltinModule("node:https") as unknown as Record<string, unknown>;
  const ClientRequest = defineClientRequest(broker);
  for (const [module, protocol] of [
    [http as Record<string, unknown>, "http:"],
    [https, "https:"],
  ] as const) {
    const request = (...args: readonly unknown[]) => {
      const { options, callback } = readArguments(args, protocol);
      return new ClientRequest(options, callback);
    };
    const get = (...args: readonly unknown[]) => {
      const made = request(...args);
      made.end();
      return made;
    };
    Object.assign(module, { request, get });
  }
  http.ClientRequest = ClientRequest as unknown as typeof http.ClientRequest;
}

/** `(url, options?, callback?)` or `(options, callback?)`. */
function readArguments(args: readonly unknown[], protocol: string) {
  const rest = [...args];
  const callback = typeof rest.at(-1) === "function" ? (rest.pop() as Callback) : undefined;
  const first = rest[0];
  const isUrl = typeof first === "string" || first instanceof URL;
  const fromUrl = isUrl ? optionsOf(new URL(String(first))) : {};
  const given = (isUrl ? rest[1] : first) as RequestOptions | undefined;
  const agent = given?.agent as { readonly protocol?: string } | false | undefined;
  const fallback = agent ? (agent.protocol ?? protocol) : protocol;
  return { options: { protocol: fallback, ...fromUrl, ...given } as RequestOptions, callback };
}

function optionsOf(url: URL): RequestOptions {
  const { protocol, hostname, port, pathname, search, username, password } = url;
  return {
    protocol,
    hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
    path: pathname + search,
    ...(port === "" ? {} : { port }),
    ...(username === "" && password === ""
      ? {}
      : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` }),
  };
}
