/** Which of this machine's addresses belongs to its tailnet. */
import type { NetworkInterfaceInfo } from "node:os";

export type Interfaces = Readonly<Record<string, readonly Pick<NetworkInterfaceInfo, "address">[] | undefined>>;

export interface FoundAddress {
  readonly address: string;
  readonly interfaceName: string;
  /** False where only the block says so: carriers number their customers' lines in it too (RFC 6598). */
  readonly isCertain: boolean;
}

const BY_NAME = /^(?:tailscale|ts|utun|wt)\d*$|tailscale/i;

/**
 * The IPv4 address in 100.64.0.0/10, or else the IPv6 address in fd7a:115c:a1e0::/48, of the interface that most likely
 * is a tailnet's; undefined when there is none.
 */
export function findTailnetAddress(interfaces: Interfaces): FoundAddress | undefined {
  const found = Object.entries(interfaces).flatMap(([interfaceName, list = []]) => {
    const addresses = list.map(({ address }) => address);
    const own = addresses.find(isTailnetV6);
    const address = addresses.find(isSharedV4) ?? own;
    if (address === undefined) return [];
    return [{ address, interfaceName, isCertain: own !== undefined || BY_NAME.test(interfaceName) }];
  });
  return found.find(({ isCertain }) => isCertain) ?? found[0];
}

function isSharedV4(address: string): boolean {
  const [, second] = /^100\.(\d{1,3})\.\d{1,3}\.\d{1,3}$/.exec(address) ?? [];
  return second !== undefined && Number(second) >= 64 && Number(second) <= 127;
}

function isTailnetV6(address: string): boolean {
  return /^fd7a:115c:a1e0:/i.test(address);
}
