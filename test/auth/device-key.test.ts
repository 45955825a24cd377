import { expect, test } from "bun:test";
import { deviceId, verifyDevice } from "../../src/auth/device-key.ts";
import { type DeviceProof, deviceStatement } from "../../src/protocol/device-statement.ts";
import { refusal } from "../support/config.ts";
import { testDevice } from "../support/device.ts";

const CLAIM = { clientId: "phone", role: "operator", scopes: ["read", "chat"], host: "box:18790" };
const NOW = 1_000_000_000;

test("deviceStatement is the string of the contract", () => {
  expect(deviceStatement({ id: "abc", public_key: "", nonce: "n", signed_at: 5 }, CLAIM)).toBe(
    "aleph-connect|1|abc|phone|operator|read,chat|box:18790|n|5",
  );
});

test("verifyDevice takes what fits, within a minute", async () => {
  const device = await testDevice();
  const proof = await device.prove("n", NOW, CLAIM);
  await verifyDevice(proof, CLAIM, NOW + 60_000);
  await verifyDevice(proof, CLAIM, NOW - 60_000);
  for (const now of [NOW + 60_001, NOW - 60_001]) {
    expect((await refusal(() => verifyDevice(proof, CLAIM, now))).reason).toBe("auth_failed");
  }
});

test("verifyDevice refuses a signature over anything else, and the key of another", async () => {
  const device = await testDevice();
  const other = await testDevice();
  const proof = await device.prove("n", NOW, CLAIM);
  const stranger = await other.prove("n", NOW, CLAIM);
  const claims = [{ clientId: "x" }, { role: "node" }, { scopes: ["read", "chat", "admin"] }, { host: "evil:18790" }];
  const wrong: [DeviceProof, typeof CLAIM][] = [
    ...claims.map((change): [DeviceProof, typeof CLAIM] => [proof, { ...CLAIM, ...change }]),
    [{ ...proof, nonce: "m" }, CLAIM],
    [{ ...proof, signed_at: NOW + 1 }, CLAIM],
    [{ ...proof, id: stranger.id }, CLAIM],
    [{ ...proof, public_key: stranger.public_key }, CLAIM],
    [{ ...proof, signature: stranger.signature }, CLAIM],
    [{ ...proof, signature: "" }, CLAIM],
    [{ ...proof, public_key: `${proof.public_key}=` }, CLAIM],
  ];
  for (const [changed, claim] of wrong) {
    expect((await refusal(() => verifyDevice(changed, claim, NOW))).reason).toBe("auth_failed");
  }
});

test("verifyDevice refuses keys of small order in all 14 spellings, with a signature that would fit any message", async () => {
  const ff = "ff".repeat(30);
  const keys = [
    "00".repeat(32),
    `01${"00".repeat(31)}`,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    `ec${ff}7f`,
    `ed${ff}7f`,
    `ee${ff}7f`,
  ].flatMap((hex) => {
    const plain = Uint8Array.fromHex(hex);
    const signed = Uint8Array.from(plain);
    signed[31]! |= 0x80;
    return [plain, signed];
  });
  expect(keys).toHaveLength(14);
  const signature = new Uint8Array(64);
  signature[0] = 1;
  for (const key of keys) {
    const proof = {
      id: deviceId(key),
      public_key: Buffer.from(key).toString("base64url"),
      signature: Buffer.from(signature).toString("base64url"),
      signed_at: NOW,
      nonce: "n",
    };
    expect((await refusal(() => verifyDevice(proof, CLAIM, NOW))).reason).toBe("auth_failed");
  }
});
