/** Names of what rights come from: each tells nothing of the secret behind it, and whoever ends it names it. */
import type { Grant } from "../protocol/identity.ts";
import type { Rights } from "../sdk/connection.ts";
import { type Device, deviceGrant } from "./devices.ts";
import { guestGrant, type Invite } from "./invites.ts";
import { fingerprint } from "./secret.ts";
import type { AccessToken } from "./tokens.ts";

export function tokenRights({ token_id, scopes, expires_at }: AccessToken): Rights {
  const grant: Grant = { identity: { id: token_id, kind: "owner" }, role: "operator", scopes };
  return { grant, credentials: [tokenCredential(token_id)], ...(expires_at === null ? {} : { expiresAt: expires_at }) };
}

export function deviceRights(device: Device): Rights {
  return { grant: deviceGrant(device), credentials: [deviceCredential(device.device_id)] };
}

export function guestRights(invite: Invite): Rights {
  const { invite_id, expires_at } = invite;
  return { grant: guestGrant(invite), credentials: [guestCredential(invite_id)], expiresAt: expires_at };
}

export function tokenCredential(id: string): string {
  return `token ${id}`;
}

export function deviceCredential(id: string): string {
  return `device ${id}`;
}

export function guestCredential(id: string): string {
  return `guest ${id}`;
}

/** Names the owner's token; another token has another name, so that what came from the old one is worth nothing. */
export function ownerCredential(token: string): string {
  return `owner-${fingerprint(token)}`;
}
