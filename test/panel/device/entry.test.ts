import { expect, test } from "bun:test";
import { verifyDevice } from "../../../src/auth/device-key.ts";
import { codeOf, deviceName } from "../../../src/panel/device/entry.ts";
import { makeKey, sign } from "../../../src/panel/device/pure-key.ts";
import { deviceStatement } from "../../../src/protocol/device-statement.ts";

test.each([
  ["#pair=K7M2Q9XW", "K7M2Q9XW"],
  ["#pair=K7M2-Q9XW", "K7M2-Q9XW"],
  ["#/new", undefined],
  ["", undefined],
  ["#pair=", undefined],
  ["#pair=<script>", undefined],
  [`#pair=${"A".repeat(65)}`, undefined],
])("codeOf reads %j as %p", (hash, code) => {
  expect(codeOf(hash)).toBe(code);
});

test.each([
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)", "Browser on iPhone"],
  ["Mozilla/5.0 (Linux; Android 16) Chrome/150", "Browser on Android"],
  ["Mozilla/5.0 (X11; Linux x86_64)", "Browser on Linux"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "Browser on Mac"],
  ["Mozilla/5.0 (X11; CrOS x86_64)", "Browser on ChromeOS"],
  ["curl", "Browser on another system"],
])("deviceName of %s", (agent, name) => {
  expect(deviceName(agent)).toBe(name);
});

test("the key without WebCrypto proves itself to the server as any other", async () => {
  const { secret, publicKey, id } = makeKey();
  const claim = { clientId: "Browser on iPhone", role: "operator", scopes: [], host: "box:18790" };
  const unsigned = { id, public_key: publicKey, nonce: "n", signed_at: 1000 };
  const proof = { ...unsigned, signature: sign(secret, deviceStatement(unsigned, claim)) };
  await verifyDevice(proof, claim, 1000);
  await expect(verifyDevice({ ...proof, nonce: "other" }, claim, 1000)).rejects.toThrow("not valid");
  expect(makeKey().id).not.toBe(id);
});
