import { lookup } from "node:dns/promises";

/** All addresses of a host, best first. Rejects with the system's error. */
export async function lookupAll(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
