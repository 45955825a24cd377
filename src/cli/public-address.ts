/** The address by which others reach the server that a command is about. */
import { isLoopback, originOf, toSocketUrl } from "../client/address.ts";
import type { Environment } from "../config/environment.ts";
import { findInstance } from "../config/instance.ts";
import { type HomeFlags, homeOf } from "./flags.ts";

export interface PublicAddress {
  readonly origin: string;
  /** It is this machine's own, and nobody said otherwise. */
  readonly isOnlyHere: boolean;
}

/** `at` is the person's word for it, `url` where the command itself went. Undefined where no server runs. */
export async function publicAddress(
  { at, ...home }: HomeFlags & { readonly at?: string | undefined },
  { env, url }: { readonly env: Environment; readonly url: string | undefined },
): Promise<PublicAddress | undefined> {
  const own = await findInstance(homeOf(home, env));
  const isOwn = own?.url !== undefined && (url === undefined || toSocketUrl(own.url) === url);
  const address = at ?? (isOwn ? (own.remote_url ?? own.url) : url);
  if (address === undefined) return undefined;
  const socketUrl = toSocketUrl(address);
  return { origin: originOf(socketUrl), isOnlyHere: at === undefined && isOwn && isLoopback(socketUrl) };
}
