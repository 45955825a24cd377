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

/** Streams of texts are no bodies by the standard, but what Node's clients make of their streams. */
async function* piecesOf(stream: ReadableStream<unknown>): AsyncIterable<Uint8Array> {
  for await (const piece of stream) {
    if (typeof piece === "string") yield Buffer.from(piece);
    else if (piece instanceof ArrayBuffer) yield new Uint8Array(piece);
    else if (ArrayBuffer.isView(piece)) yield new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    else throw new TypeError("A body is made of bytes or text");
  }
}
