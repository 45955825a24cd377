/** What a device signs to prove that it has its key: what it asks for, bound to one connection. */

export interface DeviceProof {
  /** Lower-case hex SHA-256 of the raw public key. */
  readonly id: string;
  /** Base64url, as the signature. */
  readonly public_key: string;
  readonly signature: string;
  /** Unix milliseconds. */
  readonly signed_at: number;
  readonly nonce: string;
}

/** What the signature covers beside the proof's own fields. */
export interface DeviceClaim {
  readonly clientId: string;
  readonly role: string;
  readonly scopes: readonly string[];
  /** As in the Host header of the connection. */
  readonly host: string;
}

/** The text that is signed, in UTF-8 (RFC 8032, pure Ed25519). */
export function deviceStatement(proof: Omit<DeviceProof, "signature">, claim: DeviceClaim): string {
  const { clientId, role, scopes, host } = claim;
  return `aleph-connect|1|${proof.id}|${clientId}|${role}|${scopes.join(",")}|${host}|${proof.nonce}|${proof.signed_at}`;
}
