/** This browser's own key: made here, kept here, and never to be read by a script where the browser can hold it. */
import type { DeviceKey } from "../../client/client.ts";
import { base64url, hex } from "./encode.ts";
import { forgetKept, type Kept, readKept, writeKept } from "./key-store.ts";

/** The key of an earlier visit. */
export async function knownDevice(): Promise<DeviceKey | undefined> {
  const kept = await readKept();
  return kept && (await toKey(kept));
}

/** The key of an earlier visit, or one that is made now. Rejects when the browser keeps nothing. */
export async function ensureDevice(): Promise<DeviceKey> {
  const known = await knownDevice();
  if (known) return known;
  const made = await make();
  await writeKept(made);
  return await toKey(made);
}

export function forgetDevice(): Promise<void> {
  return forgetKept();
}

async function make(): Promise<Kept> {
  const held = await makeHeld();
  if (held) return held;
  const { makeKey } = await import("./pure-key.ts");
  return { kind: "bytes", ...makeKey() };
}

/** One that the browser holds and no script reads; there is none on a page over plain HTTP, nor in older browsers. */
async function makeHeld(): Promise<Kept | undefined> {
  if (!globalThis.isSecureContext) return undefined;
  try {
    const pair = (await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"])) as CryptoKeyPair;
    const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", publicKey));
    return { kind: "held", key: pair.privateKey, publicKey: base64url(publicKey), id: hex(hash) };
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") return undefined;
    throw error;
  }
}

async function toKey(kept: Kept): Promise<DeviceKey> {
  const { id, publicKey } = kept;
  if (kept.kind === "held") {
    return {
      id,
      publicKey,
      sign: async (text) => {
        const signature = await crypto.subtle.sign("Ed25519", kept.key, new TextEncoder().encode(text));
        return base64url(new Uint8Array(signature));
      },
    };
  }
  const { sign } = await import("./pure-key.ts");
  return { id, publicKey, sign: async (text) => sign(kept.secret, text) };
}
