/** A device with a key of its own, which signs what it is told to. */
import { deviceId } from "../../src/auth/device-key.ts";
import { type DeviceClaim, type DeviceProof, deviceStatement } from "../../src/protocol/device-statement.ts";
import { type Frame, type Frames, openFrames, request } from "./frames.ts";

export interface TestDevice {
  readonly id: string;
  prove(nonce: string, signedAt: number, claim: DeviceClaim): Promise<DeviceProof>;
}

export async function testDevice(): Promise<TestDevice> {
  const { privateKey, publicKey } = (await crypto.subtle.generateKey("Ed25519", true, [
    "sign",
    "verify",
  ])) as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  const id = deviceId(raw);
  return {
    id,
    async prove(nonce, signedAt, claim) {
      const unsigned = { id, public_key: Buffer.from(raw).toString("base64url"), nonce, signed_at: signedAt };
      const text = new TextEncoder().encode(deviceStatement(unsigned, claim));
      const signature = Buffer.from(await crypto.subtle.sign("Ed25519", privateKey, text)).toString("base64url");
      return { ...unsigned, signature };
    },
  };
}

export interface DeviceHandshake {
  readonly scopes?: readonly string[];
  /** What is signed, where that is not what is sent. */
  readonly signed?: Partial<DeviceClaim>;
  readonly nonce?: string;
  readonly signedAt?: number;
  readonly pairingCode?: string;
  /** Its name for itself. Default: `phone`. */
  readonly clientId?: string;
  readonly platform?: string;
  readonly role?: "operator" | "node";
}

/** Opens a socket and says `connect` on it with the device's key. */
export async function connectDevice(
  url: string,
  device: TestDevice,
  {
    scopes = ["read", "chat"],
    signed = {},
    nonce,
    signedAt = Date.now(),
    pairingCode,
    clientId = "phone",
    platform,
    role = "operator",
  }: DeviceHandshake = {},
): Promise<{ socket: Frames; answer: Frame & { result?: Record<string, unknown> }; proof: DeviceProof }> {
  const socket = await openFrames(url);
  while (socket.received.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const challenge = String(socket.received[0]!.params!.data.nonce);
  const claim = { clientId, role, scopes, host: new URL(url).host, ...signed };
  const proof = await device.prove(nonce ?? challenge, signedAt, claim);
  const params = {
    client: { id: clientId, ...(platform === undefined ? {} : { platform }) },
    role,
    scopes,
    auth: { device: proof, ...(pairingCode === undefined ? {} : { pairing_code: pairingCode }) },
  };
  const answer = (await socket.ask(request("connect", params, 1))) as Frame & { result?: Record<string, unknown> };
  return { socket, answer, proof };
}
