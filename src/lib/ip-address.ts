/** Tells public internet addresses from all others (IANA special-purpose registries, RFC 6890 and its successors). */
import { isIPv4, isIPv6 } from "node:net";

/** First address and length of the prefix. */
type Block = readonly [string, number];

/** IPv4 blocks that are not the public internet. */
const SPECIAL_V4: readonly Block[] = [
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

/** Those among them in which homes and offices number their machines. */
const PRIVATE_V4: readonly Block[] = [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
];

/** Whether `text` is an address rather than a name; IPv6 without brackets. */
export function isAddress(text: string): boolean {
  return isIPv4(text) || isIPv6(text);
}

/** `loopback`: this machine. `private`: a home or an office. `special`: all else that is not the public internet. */
export type Reach = "public" | "private" | "loopback" | "special";

/** False also for what is not an address. */
export function isPublicAddress(address: string): boolean {
  return reachOf(address) === "public";
}

/** `special` also for what is not an address. Addresses that carry an IPv4 address inside are judged by that one. */
export function reachOf(address: string): Reach {
  if (isIPv4(address)) return reachOfV4(numberOf(address));
  // A zone (fe80::1%eth0) exists on one link only.
  if (!isIPv6(address) || address.includes("%")) return "special";
  const groups = groupsOf(address);
  const [first, second, third] = groups as [number, number, number, ...number[]];
  const low = groups[6]! * 0x10000 + groups[7]!;
  const zerosTo = (end: number) => groups.slice(0, end).every((group) => group === 0);
  if (zerosTo(6) && low === 1) return "loopback";
  if (zerosTo(5) && groups[5] === 0xffff) return reachOfV4(low); // mapped, ::ffff:0:0/96
  const carried = (number: number) => (reachOfV4(number) === "public" ? "public" : "special");
  if (first === 0x64 && second === 0xff9b && groups.slice(2, 6).every((group) => group === 0)) return carried(low); // NAT64
  if (first === 0x2002) return carried(second * 0x10000 + third); // 6to4
  if (first === 0x2001 && second < 0x200) return "special"; // Teredo, ORCHID, benchmarks and other protocols
  if (first === 0x2001 && second === 0xdb8) return "special"; // documentation
  if (first === 0x3fff && second < 0x1000) return "special"; // documentation
  if (first >= 0xfc00 && first <= 0xfdff) return first === 0xfd00 && second === 0xec2 ? "special" : "private"; // a cloud's metadata
  return first >= 0x2000 && first <= 0x3fff ? "public" : "special"; // global unicast; the rest is local, multicast or not assigned
}

function reachOfV4(address: number): Reach {
  const within = ([block, prefix]: Block): boolean => {
    const start = numberOf(block);
    return address >= start && address < start + 2 ** (32 - prefix);
  };
  if (!SPECIAL_V4.some(within)) return "public";
  if (within(["127.0.0.0", 8])) return "loopback";
  // Inside of the shared block, where a cloud has its metadata.
  if (address === numberOf("100.100.100.200")) return "special";
  return PRIVATE_V4.some(within) ? "private" : "special";
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
