/** Tells public internet addresses from all others (IANA special-purpose registries, RFC 6890 and its successors). */
import { isIPv4, isIPv6 } from "node:net";

/** IPv4 blocks that are not the public internet, as `[first address, prefix length]`. */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];

/** Whether `text` is an address rather than a name; IPv6 without brackets. */
export function isAddress(text: string): boolean {
  return isIPv4(text) || isIPv6(text);
}

/** False also for what is not an address. Addresses that carry an IPv4 address inside are judged by that one. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return isPublicV4(numberOf(address));
  // A zone (fe80::1%eth0) exists on one link only.
  if (!isIPv6(address) || address.includes("%")) return false;
  const groups = groupsOf(address);
  const [first, second, third] = groups as [number, number, number, ...number[]];
  const low = groups[6]! * 0x10000 + groups[7]!;
  const zerosTo = (end: number) => groups.slice(0, end).every((group) => group === 0);
  if (zerosTo(5) && groups[5] === 0xffff) return isPublicV4(low); // mapped, ::ffff:0:0/96
  if (first === 0x64 && second === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) return isPublicV4(low); // NAT64
  if (first === 0x2002) return isPublicV4(second * 0x10000 + third); // 6to4
  if (first === 0x2001 && second < 0x200) return false; // Teredo, ORCHID, benchmarks and other protocols
  if (first === 0x2001 && second === 0xdb8) return false; // documentation
  if (first === 0x3fff && second < 0x1000) return false; // documentation
  return first >= 0x2000 && first <= 0x3fff; // global unicast; the rest is local, multicast or not assigned
}

function isPublicV4(address: number): boolean {
  return !SPECIAL_V4.some(([block, prefix]) => {
    const size = 2 ** (32 - prefix);
    const start = numberOf(block);
    return address >= start && address < start + size;
  });
}

function numberOf(address: string): number {
  return address.split(".").reduce((number, byte) => number * 256 + Number(byte), 0);
}

/** The eight 16-bit groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const dotted = /(?<=:)\d+\.\d+\.\d+\.\d+$/.exec(address)?.[0];
  const number = dotted === undefined ? 0 : numberOf(dotted);
  const hex = `${Math.floor(number / 0x10000).toString(16)}:${(number % 0x10000).toString(16)}`;
  const text = dotted === undefined ? address : address.slice(0, -dotted.length) + hex;
  const [before = "", after] = text.split("::");
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const middle = after === undefined ? [] : new Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...middle, ...tail].map((group) => Number.parseInt(group, 16));
}
