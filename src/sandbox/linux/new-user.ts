/** A user id for a confined process of a server that runs as root: one that nobody has. */
import { readFileSync } from "node:fs";

/** Unused by any distribution and by systemd, which keeps a list: between containers and the ids that some take for negative. */
const HIGH = { first: 1_879_048_192, last: 2_147_352_575 };
/** In a container that knows 65,536 ids: below those of systemd's own. */
const LOW = { first: 40_000, last: 59_999 };

/** Without CAP_DAC_OVERRIDE, CAP_KILL, CAP_SETGID and CAP_SETUID root could not become another, or not control it. */
const NEEDED = (1n << 1n) | (1n << 5n) | (1n << 6n) | (1n << 7n);

/** Null when this server is not root, or in a container that does not let it be anybody else. */
export function newUser(random: () => number): number | null {
  if (process.geteuid?.() !== 0) return null;
  const capabilities = /^CapEff:\t([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1];
  if ((BigInt(`0x${capabilities ?? "0"}`) & NEEDED) !== NEEDED) return null;
  const maps = ["/proc/self/uid_map", "/proc/self/gid_map"].map(readMap);
  const range = [HIGH, LOW].find(({ first, last }) => maps.every((map) => isMapped(map, first, last)));
  return range === undefined ? null : range.first + Math.floor(random() * (range.last - range.first + 1));
}

interface Mapped {
  readonly first: number;
  readonly count: number;
}

function readMap(path: string): readonly Mapped[] {
  const lines = readFileSync(path, "latin1").trim().split("\n");
  return lines.map((line) => {
    const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    return { first, count };
  });
}

function isMapped(map: readonly Mapped[], first: number, last: number): boolean {
  return map.some((range) => range.first <= first && last < range.first + range.count);
}
