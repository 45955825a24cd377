import { expect, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureSigningKey } from "../../src/lib/signing-key.ts";
import { testFolder } from "../support/folder.ts";

test("ensureSigningKey makes a key that only its owner reads, and finds it again", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "credentials/device-key");
  const made = await ensureSigningKey(path);
  const found = await ensureSigningKey(path);
  expect({ id: found.id, publicKey: found.publicKey }).toEqual({ id: made.id, publicKey: made.publicKey });
  if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder.path, "credentials"))).toEqual(["device-key"]);
});

test("ensureSigningKey signs what anybody can verify with its public key", async () => {
  await using folder = await testFolder();
  const { id, publicKey, sign } = await ensureSigningKey(join(folder.path, "key"));
  const raw = new Uint8Array(Buffer.from(publicKey, "base64url"));
  const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  const signature = new Uint8Array(Buffer.from(await sign("ä text"), "base64url"));
  expect(await crypto.subtle.verify("Ed25519", key, signature, new TextEncoder().encode("ä text"))).toBe(true);
  expect(id).toBe(new Bun.CryptoHasher("sha256").update(raw).digest("hex"));
});

test("ensureSigningKey gives all who make one at once the same key", async () => {
  await using folder = await testFolder();
  const path = join(folder.path, "key");
  const keys = await Promise.all(Array.from({ length: 8 }, () => ensureSigningKey(path)));
  expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
});

test.each(["", "junk", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])(
  "ensureSigningKey refuses a file that holds %j and leaves it",
  async (text) => {
    await using folder = await testFolder();
    const path = join(folder.path, "key");
    writeFileSync(path, text);
    await expect(ensureSigningKey(path)).rejects.toThrow(RangeError);
    expect(readFileSync(path, "utf8")).toBe(text);
  },
);

test.skipIf(process.geteuid?.() === 0)("ensureSigningKey says when the folder cannot be written", async () => {
  await using folder = await testFolder();
  chmodSync(folder.path, 0o500);
  await expect(ensureSigningKey(join(folder.path, "key"))).rejects.toThrow(expect.objectContaining({ code: "EACCES" }));
});
