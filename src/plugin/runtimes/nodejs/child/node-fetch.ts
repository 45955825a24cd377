/** The package `node-fetch` by way of the server: `fetch` whose bodies are streams of Node's. */

type NodeFetch = typeof globalThis.fetch & { readonly Response: typeof Response };

/** Bun has its own in the place of the package: nothing is installed. */
const NAME = "node-fetch";

export function installNodeFetch(fetch: typeof globalThis.fetch): void {
  const original = require(NAME) as NodeFetch;
  const nodeFetch = async (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(input, { ...init, ...bodyOf(init.body) });
    // As Bun's own does it: the same answer, whose `body` is read as Node's streams are.
    return Object.setPrototypeOf(response, original.Response.prototype);
  };
  const replaced = Object.defineProperties(nodeFetch, {
    ...Object.getOwnPropertyDescriptors(original),
    default: { value: nodeFetch, enumerable: true },
    fetch: { value: nodeFetch, enumerable: true },
  });
  Object.assign(original, { default: replaced, fetch: replaced });
  require.cache[NAME]!.exports = replaced;
}

/** A stream of Node's, as `form-data` is one, becomes one of the web's. */
function bodyOf(body: unknown): { readonly body?: BodyInit } {
  const { Readable } = process.getBuiltinModule("node:stream");
  const isStream = typeof (body as { readonly pipe?: unknown } | null | undefined)?.pipe === "function";
  if (!isStream) return {};
  // Old ones are no `Readable`.
  const stream = body instanceof Readable ? body : new Readable().wrap(body as NodeJS.ReadableStream);
  return { body: Readable.toWeb(stream) as unknown as BodyInit };
}
