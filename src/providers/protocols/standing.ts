/** A kind of provider with a wire of its own, made of an adapter's templates and places. */
import { type AnyProviderType, defineProvider, type OpenProvider, type ProviderHost } from "../../sdk/provider.ts";
import { objectOf } from "../wire/call.ts";
import { configuredModels, type ModelEntry, withConfigured } from "../wire/configured.ts";
import { malformedFailure } from "../wire/failure.ts";
import { guardCall, guardStream } from "../wire/guard.ts";
import { baseUrlOf, type ConnectionOptions, connectionOptions, endpointOf } from "../wire/options.ts";
import { pick } from "./pick.ts";
import { readReply } from "./reply.ts";
import { toBody } from "./request.ts";
import type { StandingAdapter } from "./schema.ts";
import { placeholdersOf } from "./template.ts";
import { dressRequest, type VendorAddress, withModel } from "./vendor-fetch.ts";

export function standingType(name: string, adapter: StandingAdapter): AnyProviderType {
  return defineProvider({
    type: name,
    ...(adapter.default_model === undefined ? {} : { defaultModel: adapter.default_model }),
    needsKey: adapter.needs_key ?? true,
    options: connectionOptions,
    open: (options, host) => openStanding(adapter, { ...adapter.defaults, ...options }, host),
  }) as AnyProviderType;
}

function openStanding(adapter: StandingAdapter, options: ConnectionOptions, host: ProviderHost): OpenProvider {
  const endpoint = endpointOf(options, host);
  const address: VendorAddress = { base: baseUrlOf(options, adapter.base_url), key: options.api_key };
  const models = (options.models ?? adapter.models ?? []) as readonly ModelEntry[];
  const known = configuredModels(models);
  const tools = placeholdersOf(adapter.request.body).some(({ name }) => name === "tools");

  const request = (path: string, model: string): { url: string; headers: Headers } => {
    const url = new URL(`${address.base}${withModel(path, model)}`);
    const headers = new Headers({ "content-type": "application/json", ...options.headers });
    if (adapter.auth === undefined && address.key !== undefined && !headers.has("authorization")) {
      headers.set("authorization", `Bearer ${address.key}`);
    }
    dressRequest(adapter, address, url, headers);
    return { url: url.href, headers };
  };

  return {
    id: host.id,
    stream: (given, signal) =>
      guardStream(
        endpoint,
        signal,
        async (call) => {
          const maxOutputTokens = given.maxOutputTokens ?? known.find(({ id }) => id === given.model)?.maxOutput;
          const wanted = maxOutputTokens === undefined ? given : { ...given, maxOutputTokens };
          const body = JSON.stringify(toBody(host.id, wanted, adapter.request));
          const { url, headers } = request(adapter.paths.chat, given.model);
          const response = await call.fetch(url, { method: "POST", headers, body, signal: call.signal });
          if (response.body === null) throw malformedFailure(endpoint, "an empty reply");
          return readReply(response.body, adapter.response, endpoint, call.progress);
        },
        (part) => part.type === "finish",
      ),
    async models(signal) {
      const { models: path } = adapter.paths;
      if (path === undefined || adapter.response.models === undefined) {
        return known.map((info) => ({ tools, ...info }));
      }
      const place = adapter.response.models;
      const ids = await guardCall(endpoint, signal, async (call) => {
        const { url, headers } = request(path, "");
        const json: unknown = await (await call.fetch(url, { headers, signal: call.signal })).json();
        if (Object.keys(objectOf(json)).length === 0) throw malformedFailure(endpoint, "what is not its format");
        return pick(json, place);
      });
      const listed = ids.flatMap((id) => (typeof id === "string" ? [{ id, tools }] : []));
      if (listed.length === 0) throw malformedFailure(endpoint, "no list of models");
      return withConfigured(listed, models);
    },
  };
}
