/** Pairing under 10,000 seeded schedules, and a twin with each rule broken that the same schedules must find. */
import { describe, expect, test } from "bun:test";
import { Pairings, type PendingPairing } from "../../src/auth/pairing.ts";

const LASTS_MS = 600_000;

/** What the schedules drive: the real thing, or one with a fault. */
type Subject = Pick<Pairings, "request" | "list" | "take">;

/** Mulberry32: the same seed gives the same schedule. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The first rule that a schedule finds broken. */
function faultOf(seed: number, open: (clock: () => number) => Subject): string | undefined {
  const random = randomOf(seed);
  let clock = 0;
  const subject = open(() => clock);
  const made = new Map<string, { at: number; taken: boolean; pairing: PendingPairing }>();
  for (let step = 0; step < 40; step++) {
    const act = random(10);
    if (act < 6) {
      const address = `192.0.2.${random(5)}`;
      try {
        const wanted = { deviceId: `d${random(30)}`, address, name: "", role: "operator", scopes: [] } as const;
        const { pairing, isNew } = subject.request(wanted);
        if (isNew) made.set(pairing.id, { at: clock, taken: false, pairing });
      } catch {
        // Refused for the caps: what the rules below look at is what stands.
      }
    } else if (act < 8) {
      clock += random(LASTS_MS / 2);
    } else {
      const [id, entry] = [...made][random(Math.max(1, made.size))] ?? [];
      if (id === undefined || !entry) continue;
      const took = subject.take(id);
      if (took && entry.taken) return "answered twice";
      if (took && clock - entry.at >= LASTS_MS) return "answered late";
      entry.taken ||= took;
    }
    const list = subject.list();
    if (list.length > 10) return "more than ten";
    const near = Map.groupBy(list, ({ address }) => address);
    if ([...near.values()].some((own) => own.length > 3)) return "more than three of an address";
    if (list.some(({ id }) => clock - made.get(id)!.at >= LASTS_MS)) return "outlives its time";
  }
  return undefined;
}

const real = (clock: () => number) => new Pairings({ now: clock, monotonic: clock });

describe("Pairings", () => {
  test("Pairings keeps its caps, its time and its one answer in 10,000 schedules", () => {
    for (let seed = 0; seed < 10_000; seed++) expect([seed, faultOf(seed, real)]).toEqual([seed, undefined]);
  });

  test.each([
    [
      "more than three of an address",
      (clock: () => number): Subject => {
        let asked = 0;
        const pairings = real(clock);
        const list = new Map<string, PendingPairing>();
        return {
          request(wanted) {
            // Counts an address of its own for each request: the cap per address is never met.
            const found = pairings.request({ ...wanted, address: `10.0.0.${++asked % 250}` });
            const pairing = { ...found.pairing, address: wanted.address };
            list.set(pairing.id, pairing);
            return { ...found, pairing };
          },
          list: () => pairings.list().map(({ id }) => list.get(id)!),
          take: (id) => pairings.take(id),
        };
      },
    ],
    ["outlives its time", (_clock: () => number): Subject => real(() => 0)],
    [
      "answered twice",
      (clock: () => number): Subject => {
        const pairings = real(clock);
        const taken = new Set<string>();
        return {
          request: (wanted) => pairings.request(wanted),
          list: () => pairings.list(),
          take(id) {
            const took = pairings.take(id) || taken.has(id);
            if (took) taken.add(id);
            return took;
          },
        };
      },
    ],
  ] as const)("the schedules find the fault of a twin: %s", (fault, open) => {
    const found = new Set<string | undefined>();
    for (let seed = 0; seed < 1_000 && !found.has(fault); seed++) found.add(faultOf(seed, open));
    expect([...found]).toContain(fault);
  });
});
