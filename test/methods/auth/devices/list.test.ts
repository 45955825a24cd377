import { expect, test } from "bun:test";
import { testApp } from "../../../support/app.ts";
import { connectDevice, testDevice } from "../../../support/device.ts";
import { checked } from "../../../support/method.ts";

test("auth.devices.list shows what was let in, with what it said of itself, made harmless", async () => {
  await using app = await testApp();
  const call = checked(app.client);
  expect(await call("auth.devices.list", {})).toEqual({ devices: [] });
  const device = await testDevice();
  const said = { clientId: "pho\u202Ene", platform: "Android\x1b[2J" };
  using _asking = (await connectDevice(app.url, device, said)).socket;
  const [pairing] = (await call("auth.pairing.list", {})).pairings;
  expect([pairing!.name, pairing!.platform]).toEqual(["pho?ne", "Android?[2J"]);
  await call("auth.pairing.approve", { pairing: pairing!.pairing_id });
  using _quiet = (await connectDevice(app.url, await testDevice())).socket;
  const [other] = (await call("auth.pairing.list", {})).pairings;
  expect(other!.platform).toBeNull();
  expect((await call("auth.devices.list", {})).devices).toEqual([
    {
      device_id: device.id,
      name: "pho?ne",
      platform: "Android?[2J",
      role: "operator",
      scopes: ["read", "chat"],
      approved_by: "owner",
      created_at: expect.any(Number),
      last_seen_at: null,
    },
  ]);
});
