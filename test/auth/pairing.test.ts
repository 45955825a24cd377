import { expect, test } from "bun:test";
import { Pairings } from "../../src/auth/pairing.ts";
import { refusal } from "../support/config.ts";

function open() {
  const world = { wall: 5_000_000, steady: 0 };
  return { world, pairings: new Pairings({ now: () => world.wall, monotonic: () => world.steady }) };
}

const ask = (deviceId: string, address = "192.0.2.1") =>
  ({ deviceId, address, name: "phone", role: "operator", scopes: ["read"] }) as const;

test("Pairings gives a device one code of 8 letters that are not mixed up, and finds it however it is typed", () => {
  const { pairings } = open();
  const { pairing, isNew } = pairings.request(ask("a"));
  expect([isNew, pairing.code]).toEqual([true, expect.stringMatching(/^[2-9A-HJKMNP-TV-Z]{8}$/)]);
  expect(pairings.request(ask("a"))).toEqual({ pairing, isNew: false });
  const typed = `${pairing.code.slice(0, 4)}-${pairing.code.slice(4)}`.toLowerCase();
  expect([pairings.find(typed), pairings.find(pairing.id), pairings.find("")]).toEqual([pairing, pairing, undefined]);
  expect([pairings.take(pairing.id), pairings.take(pairing.id)]).toEqual([true, false]);
});

test("Pairings gives another code to a device that asks for something else than was shown", () => {
  const { pairings } = open();
  const { pairing } = pairings.request(ask("a"));
  const more = pairings.request({ ...ask("a"), scopes: ["read", "admin"] });
  expect([more.isNew, more.pairing.id === pairing.id, pairings.find(pairing.code)]).toEqual([true, false, undefined]);
});

test("Pairings holds 3 of an address and 10 overall, each for 10 minutes whatever the wall clock says", async () => {
  const { world, pairings } = open();
  for (const id of ["a", "b", "c"]) pairings.request(ask(id));
  expect(await refusal(() => pairings.request(ask("d")))).toMatchObject({
    reason: "rate_limited",
    data: { retry_after_ms: 600_000 },
  });
  for (let i = 0; i < 7; i++) pairings.request(ask(`e${i}`, `198.51.100.${i}`));
  expect((await refusal(() => pairings.request(ask("f", "203.0.113.9")))).reason).toBe("rate_limited");
  world.wall += 10 * 86_400_000;
  expect(pairings.list()).toHaveLength(10);
  world.steady = 600_000;
  expect(pairings.list()).toEqual([]);
});

const given = { role: "operator", scopes: ["read"], by: "owner", credentials: ["owner-1", "login-1"] } as const;

test("Pairings redeems a code that was made beforehand once, until its time is over", () => {
  const { world, pairings } = open();
  const { code, expiresAt } = pairings.prepare(given);
  expect([code, expiresAt]).toEqual([expect.stringMatching(/^[2-9A-HJKMNP-TV-Z]{8}$/), 5_600_000]);
  expect(pairings.list()).toEqual([]);
  expect(pairings.redeem(` ${code.toLowerCase()} `)).toMatchObject(given);
  expect(pairings.redeem(code)).toBeUndefined();
  const late = pairings.prepare(given, 1_000);
  world.wall -= 86_400_000;
  world.steady = 1_000;
  expect(pairings.redeem(late.code)).toBeUndefined();
});

test("Pairings keeps 10 codes at most, and ends all of them after 10 that nobody has", async () => {
  const { pairings } = open();
  const codes = Array.from({ length: 10 }, () => pairings.prepare(given).code);
  expect((await refusal(() => pairings.prepare(given))).reason).toBe("rate_limited");
  for (let i = 0; i < 9; i++) expect(pairings.redeem("22222222")).toBeUndefined();
  expect(pairings.redeem(codes[0]!)).toBeDefined();
  expect(pairings.redeem("")).toBeUndefined();
  expect(codes.map((code) => pairings.redeem(code))).toEqual(Array(10).fill(undefined));
  expect(pairings.redeem(pairings.prepare(given).code)).toBeDefined();
});

test("Pairings ends the codes that were made with a credential that has ended, and no other", () => {
  const { pairings } = open();
  const codes = [["owner-1", "login-1"], ["owner-1"], ["device a"]].map(
    (credentials) => pairings.prepare({ ...given, credentials }).code,
  );
  pairings.endOf("login-1");
  pairings.endOf("device a");
  pairings.endOf("device b");
  expect(codes.map((code) => pairings.redeem(code) !== undefined)).toEqual([false, true, false]);
});
