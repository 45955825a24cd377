/** `fetch` for a server that shows one certificate, known beforehand. */
import { pinnedTls } from "../lib/pinned-tls.ts";

export function pinnedFetch(certificate: string): typeof fetch {
  const tls = pinnedTls(certificate);
  const pinned = (input: string | URL | Request, init?: RequestInit) => fetch(input, { ...init, tls } as RequestInit);
  return Object.assign(pinned, { preconnect: fetch.preconnect });
}
