/** The proof that a device has its key: an Ed25519 signature (RFC 8032) over what it asks for, made for one connection. */
import { type DeviceClaim, type DeviceProof, deviceStatement } from "../protocol/device-statement.ts";
import { AlephError } from "../protocol/errors.ts";

const SIGNED_WITHIN_MS = 60_000;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** The y-coordinates of the points of small order, without the sign: with such a key one signature fits many messages. */
const SMALL_ORDER = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** Rejects with `auth_failed` unless the key is a good one, the id is its own and the signature is fresh and fits. */
export async function verifyDevice(proof: DeviceProof, claim: DeviceClaim, now: number): Promise<void> {
  const key = decode(proof.public_key, KEY_BYTES);
  const signature = decode(proof.signature, SIGNATURE_BYTES);
  if (!key || !signature || isWeakKey(key)) throw refused("Device key or signature is not valid");
  if (deviceId(key) !== proof.id) throw refused("Device id is not that of its key");
  if (Math.abs(now - proof.signed_at) > SIGNED_WITHIN_MS) {
    throw refused("Signature is too old or from the future", "Set the clock of the device");
  }
  const statement = new TextEncoder().encode(deviceStatement(proof, claim));
  let fits: boolean;
  try {
    const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    fits = await crypto.subtle.verify("Ed25519", imported, signature, statement);
  } catch (cause) {
    throw refused("Device key or signature is not valid", undefined, cause);
  }
  if (!fits) throw refused("Device key or signature is not valid");
}

/** Lower-case hex SHA-256 of the raw public key. */
export function deviceId(key: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(key).digest("hex");
}

/** Of small order, or not in the one way that a point is written (RFC 8032 §5.1.3: y below 2^255 - 19). */
function isWeakKey(key: Uint8Array): boolean {
  const y = Uint8Array.from(key);
  y[31]! &= 0x7f;
  const tooBig = y[31] === 0x7f && y[0]! >= 0xed && y.subarray(1, 31).every((byte) => byte === 0xff);
  return tooBig || SMALL_ORDER.has(Buffer.from(y).toString("hex"));
}

/** Only what encodes back to the same text: one key has one spelling. */
function decode(text: string, bytes: number): Uint8Array<ArrayBuffer> | undefined {
  const decoded = Buffer.from(text, "base64url");
  return decoded.byteLength === bytes && decoded.toString("base64url") === text ? new Uint8Array(decoded) : undefined;
}

function refused(message: string, hint = "Connect again with a fresh signature", cause?: unknown): AlephError {
  return new AlephError("auth_failed", message, { cause, data: { hint } });
}
