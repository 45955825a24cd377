import { expect, test } from "bun:test";
import { collectEvents, testApp } from "../../../support/app.ts";
import { connectDevice, testDevice } from "../../../support/device.ts";
import { openFrames, request } from "../../../support/frames.ts";

test("auth.pairing.invite makes a code with which one device is let in at once, and no other", async () => {
  await using app = await testApp();
  const seen = await collectEvents(app.client, "auth.*");
  const before = Date.now();
  const { code, expires_at } = await app.client.call("auth.pairing.invite", { scopes: ["read", "chat"] });
  expect(code).toMatch(/^[2-9A-HJKMNP-TV-Z]{8}$/);
  expect(expires_at).toBeGreaterThanOrEqual(before + 10 * 60_000);

  const device = await testDevice();
  const typed = `${code.slice(0, 4)}-${code.slice(4).toLowerCase()}`;
  const { answer, socket } = await connectDevice(app.url, device, { scopes: ["read", "admin"], pairingCode: typed });
  using _ = socket;
  expect(answer.result).toMatchObject({
    identity: { id: device.id, kind: "device" },
    scopes: ["read"],
    device: { device_id: device.id, name: "phone", role: "operator", scopes: ["read"], approved_by: "owner" },
  });
  const { data } = await seen.until(({ topic }) => topic === "auth.pairing_resolved");
  expect(data).toMatchObject({ device_id: device.id, approved: true, by: "owner" });

  const second = await connectDevice(app.url, await testDevice(), { pairingCode: code });
  using other = second.socket;
  expect(second.answer.error?.data.reason).toBe("auth_failed");
  expect((await other.closed).code).toBe(4401);
  const again = await connectDevice(app.url, device, { pairingCode: "WRONGONE" });
  using known = again.socket;
  expect([known.received.length > 0, again.answer.result?.identity]).toEqual([true, { id: device.id, kind: "device" }]);
});

test("auth.pairing.invite binds its code to a role", async () => {
  await using app = await testApp();
  const { code } = await app.client.call("auth.pairing.invite", { role: "node" });
  const operator = await connectDevice(app.url, await testDevice(), { pairingCode: code });
  using _ = operator.socket;
  expect(operator.answer.error?.data.reason).toBe("auth_failed");
  const fresh = await app.client.call("auth.pairing.invite", { role: "node" });
  const node = await connectDevice(app.url, await testDevice(), { pairingCode: fresh.code, role: "node", scopes: [] });
  using socket = node.socket;
  expect([socket.received.length > 0, node.answer.result]).toMatchObject([true, { role: "node", scopes: [] }]);
});

test("auth.pairing.invite gives no wider scopes than the caller's", async () => {
  await using app = await testApp();
  const { token } = await app.client.call("auth.tokens.create", { name: "admin", scopes: ["admin", "read"] });
  using socket = await openFrames(app.url, { token });
  expect(await socket.ask(request("auth.pairing.invite", { scopes: ["chat"] }, 1))).toMatchObject({
    error: { code: -32002, data: { reason: "forbidden", scopes: ["chat"] } },
  });
});
