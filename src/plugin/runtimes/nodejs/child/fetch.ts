/** `fetch` by way of the server. */
import type { Broker, BrokeredAnswer } from "./broker.ts";

/** What needs no network stays with Bun's own. */
const LOCAL = /^(?:data|blob|file):/i;

const TEXT = "text/plain;charset=UTF-8";

export function installFetch(broker: Broker): typeof fetch {
  const local = globalThis.fetch;
  const brokered = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const address = input instanceof Request ? input.url : String(input);
    if (LOCAL.test(address)) return local(input, init);
    const request = new Request(input instanceof URL ? input.href : input, init);
    const { url, method, headers, redirect } = request;
    // Bun leaves out what the standard says of a text.
    if (typeof init?.body === "string" && !headers.has("content-type")) headers.set("content-type", TEXT);
    const hasBody = request.body !== null && method !== "GET" && method !== "HEAD";
    const isStream = init?.body instanceof ReadableStream || (input instanceof Request && init?.body === undefined);
    const answer = await broker.fetch({
      url,
      method,
      headers: [...headers],
      redirect,
      signal: init?.signal ?? request.signal,
      body: !hasBody ? undefined : isStream ? piecesOf(request.body!) : new Uint8Array(await request.arrayBuffer()),
    });
    return toResponse(answer);
  };
  const replaced = Object.assign(brokered, { preconnect: () => {} });
  globalThis.fetch = replaced;
  return replaced;
}

function toResponse({ status, status_text, headers, url, redirected, body }: BrokeredAnswer): Response {
  const response = new Response(body, { status, statusText: status_text, headers: headers as [string, string][] });
  Object.defineProperties(response, { url: { value: url }, redirected: { value: redirected } });
  return response;
}

async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* stream;
}
