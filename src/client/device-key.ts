/** A device's own key, kept by whoever makes it: works in browsers, Node and Bun. */
import { AlephError } from "../protocol/errors.ts";
import type { DeviceKey } from "./client.ts";

/** A new key as text, to be kept where nobody else reads it. */
export async function createDeviceSecret(): Promise<string> {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  return toText(new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey)));
}

/** The key of the text that `createDeviceSecret` gave. Rejects with `invalid_params` when it is something else. */
export async function deviceKeyOf(secret: string): Promise<DeviceKey> {
  try {
    const readable = await crypto.subtle.importKey("pkcs8", toBytes(secret), "Ed25519", true, ["sign"]);
    const { x: publicKey = "" } = await crypto.subtle.exportKey("jwk", readable);
    const key = await crypto.subtle.importKey("pkcs8", toBytes(secret), "Ed25519", false, ["sign"]);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", toBytes(publicKey)));
    return {
      id: [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
      publicKey,
      sign: async (text) =>
        toText(new Uint8Array(await crypto.subtle.sign("Ed25519", key, new TextEncoder().encode(text)))),
    };
  } catch (cause) {
    throw new AlephError("invalid_params", "That is not the secret of a device", {
      cause,
      data: { hint: "Give what createDeviceSecret made, unchanged" },
    });
  }
}

/** In base64url. */
function toText(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}

function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
