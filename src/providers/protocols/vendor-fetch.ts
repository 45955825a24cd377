/** Sends requests as an adapter says: its key where the vendor looks for it, its headers, paths and parameters. */
import type { Adapter } from "./schema.ts";

/** Where the kinds that can be extended look for keys. */
const KEY_HEADERS = ["authorization", "x-api-key", "x-goog-api-key"];

export interface VendorAddress {
  /** Without a slash at its end. */
  readonly base: string;
  readonly key: string | undefined;
}

/** Puts headers, key and parameters of the adapter on a request; what is there already stays. */
export function dressRequest(
  adapter: Pick<Adapter, "auth" | "headers" | "query">,
  { key }: VendorAddress,
  url: URL,
  headers: Headers,
): void {
  const { auth, query = {} } = adapter;
  if (auth !== undefined) {
    for (const name of KEY_HEADERS) headers.delete(name);
    if (key !== undefined) {
      if (auth.query !== undefined) url.searchParams.set(auth.query, key);
      else {
        const header = auth.header ?? "authorization";
        headers.set(header, `${auth.prefix ?? (header.toLowerCase() === "authorization" ? "Bearer " : "")}${key}`);
      }
    }
  }
  for (const [name, value] of Object.entries(adapter.headers ?? {})) if (!headers.has(name)) headers.set(name, value);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
}

/** `{model}` of a path. */
export function withModel(path: string, model: string): string {
  return path.replaceAll("{model}", encodeURIComponent(model));
}
