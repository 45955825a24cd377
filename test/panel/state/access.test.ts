import { expect, test } from "bun:test";
import { type Access, createAccess, type ShownPairing } from "../../../src/panel/state/access.ts";
import type { Call } from "../../../src/panel/state/connection.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";
import { until } from "../../support/until.ts";

const NOW = 1_000_000;
const pairing = { pairing_id: "pair_1", code: "ABCD2345", expires_at: NOW + 600_000 } as ShownPairing;
const event = (topic: string) => ({ topic, seq: 1, ts: 1, data: {} }) as unknown as EventFrame;

/** Answers as the server does, and remembers what was asked. */
function server(): { access: Access; world: { pairings: readonly ShownPairing[] }; takeAsked: () => unknown[] } {
  const asked: unknown[] = [];
  const world: { pairings: readonly ShownPairing[] } = { pairings: [pairing] };
  const call = (async (method: string, params: object) => {
    asked.push([method, params]);
    switch (method) {
      case "auth.pairing.list":
        return { pairings: world.pairings };
      case "auth.devices.list":
        return { devices: [{ device_id: "d" }] };
      case "auth.tokens.list":
        return { tokens: [{ token_id: "t" }] };
      case "auth.invites.list":
        return { invites: [{ invite_id: "i" }] };
      case "tool.list":
        return {
          tools: [
            { name: "time", guests: true },
            { name: "cron", guests: false },
          ],
        };
      case "auth.tokens.create":
        return { token_id: "t", token: "secret" };
      case "auth.invites.create":
        return { invite_id: "i", invite: "inv" };
      case "auth.devices.revoke":
        throw new AlephError("not_found", 'No device "d"');
      default:
        return { code: "ABCD2345", expires_at: NOW };
    }
  }) as unknown as Call;
  return { access: createAccess(call, () => NOW), world, takeAsked: () => asked.splice(0) };
}

const LISTS = ["auth.devices.list", "auth.tokens.list", "auth.invites.list"];
const methods = (asked: readonly unknown[]) => asked.map((one) => (one as string[])[0]!).toSorted();

test("createAccess knows after a connect what waits, and the rest only where it was asked for", async () => {
  const { access, takeAsked } = server();
  await access.renew();
  expect([methods(takeAsked()), access.pairings.value, access.devices.value] as unknown).toEqual([
    ["auth.pairing.list"],
    [pairing],
    undefined,
  ]);
  await access.load();
  expect([access.devices.value, access.tokens.value, access.invites.value] as unknown).toEqual([
    [{ device_id: "d" }],
    [{ token_id: "t" }],
    [{ invite_id: "i" }],
  ]);
  takeAsked();
  await access.renew();
  expect(methods(takeAsked())).toEqual([...LISTS, "auth.pairing.list"].toSorted());
});

test("createAccess follows the devices that ask, and those that were answered elsewhere", async () => {
  const { access, world } = server();
  access.handle(event("session.updated"));
  expect(access.pairings.value).toEqual([]);
  access.handle(event("auth.pairing_requested"));
  await until(() => access.pairings.value.length === 1);
  world.pairings = [];
  access.handle(event("auth.pairing_resolved"));
  await until(() => access.pairings.value.length === 0);
});

test("createAccess lets in what is shown with the scopes that were chosen, and turns away", async () => {
  const { access, takeAsked } = server();
  await access.approve(pairing, ["read"]);
  await access.reject(pairing);
  expect(takeAsked().filter((one) => !String((one as string[])[0]).endsWith(".list"))).toEqual([
    ["auth.pairing.approve", { pairing: "pair_1", scopes: ["read"] }],
    ["auth.pairing.reject", { pairing: "pair_1" }],
  ]);
});

test("createAccess tells a secret once, and a refusal to whoever acted", async () => {
  const { access, takeAsked } = server();
  expect(await access.createToken({ name: "n", scopes: ["read"] })).toBe("secret");
  expect(await access.guestTools()).toEqual(["time"]);
  expect(await access.invite({ tools: ["time"] })).toBe("inv");
  expect((await access.link(["read"])).code).toBe("ABCD2345");
  await access.revokeToken("t");
  await access.revokeInvite("i");
  await expect(access.revokeDevice("d")).rejects.toMatchObject({ reason: "not_found" });
  expect(takeAsked().filter((one) => !LISTS.includes(String((one as string[])[0])))).toEqual([
    ["auth.tokens.create", { name: "n", scopes: ["read"] }],
    ["tool.list", {}],
    ["auth.invites.create", { tools: ["time"] }],
    ["auth.pairing.invite", { scopes: ["read"] }],
    ["auth.tokens.revoke", { token_id: "t" }],
    ["auth.invites.revoke", { invite_id: "i" }],
    ["auth.devices.revoke", { device_id: "d" }],
  ]);
});
