/** Who may in: the one place where a credential becomes a grant. */
import { bearerOf } from "../lib/bearer.ts";
import type { DeviceClaim, DeviceProof } from "../protocol/device-statement.ts";
import { AlephError } from "../protocol/errors.ts";
import { type Grant, OWNER_GRANT, type Scope } from "../protocol/identity.ts";
import type { Bus } from "../sdk/bus.ts";
import type { Rights } from "../sdk/connection.ts";
import type { Store } from "../sdk/store.ts";
import { LoginAttempts } from "./attempts.ts";
import {
  deviceCredential,
  deviceRights,
  guestCredential,
  guestRights,
  ownerCredential,
  tokenCredential,
  tokenRights,
} from "./credentials.ts";
import { verifyDevice } from "./device-key.ts";
import { type Device, Devices } from "./devices.ts";
import { guestSessionKey, type Invite, Invites } from "./invites.ts";
import { type IssuedLogin, type Login, Logins } from "./logins.ts";
import { type PairingRequest, Pairings, type PendingPairing } from "./pairing.ts";
import { PasswordCheck } from "./password.ts";
import { sameSecret } from "./secret.ts";
import { checkScopes, Tokens } from "./tokens.ts";
import { Visits } from "./visits.ts";

export type Credentials = { readonly token: string } | { readonly session_token: string };

export interface AuthOptions {
  readonly mode: () => "token" | "none";
  /** Asked at each use: a new token counts from the next request on. */
  readonly ownerToken: () => string;
  /** Makes a new one, which `ownerToken` gives from now on. */
  readonly replaceOwnerToken: () => string;
  /** The hash of the panel's password, asked at each use; nothing when none is set. */
  readonly passwordHash: () => string | undefined;
  readonly store: Store;
  readonly bus: Pick<Bus, "publish">;
  readonly now: () => number;
  readonly monotonic: () => number;
  /** Told which credential is no longer worth anything: what was opened with it ends. */
  readonly onRevoked: (credential: string) => void;
  /** Told when a guest who has been here may no more: nothing of the conversation is to stay. */
  readonly onGuestGone: (sessionKey: string) => void;
}

export class Auth {
  readonly logins: Logins;
  readonly tokens: Tokens;
  readonly devices: Devices;
  readonly invites: Invites;
  readonly visits: Visits;
  readonly pairings: Pairings;
  readonly #attempts: LoginAttempts;
  readonly #options: AuthOptions;
  readonly #password: PasswordCheck;
  /** Those that have been here since the start, by the end of their time. */
  readonly #guests = new Map<string, Invite>();
  /** What the owner's token gives: its credential is hashed once and not with each request. */
  #owner: { readonly token: string; readonly rights: Rights } | undefined;

  constructor(options: AuthOptions) {
    this.#options = options;
    this.#password = new PasswordCheck(options.passwordHash);
    this.#attempts = new LoginAttempts(options.monotonic);
    this.logins = new Logins({ store: options.store, now: options.now });
    this.tokens = new Tokens({ store: options.store, now: options.now });
    this.devices = new Devices({ store: options.store, now: options.now });
    this.invites = new Invites({ store: options.store, now: options.now });
    this.visits = new Visits({ ...options, invites: this.invites });
    this.pairings = new Pairings({ now: options.now, monotonic: options.monotonic });
  }

  get mode(): "token" | "none" {
    return this.#options.mode();
  }

  /** What everyone is who gets through the door when `auth.mode = "none"`. */
  get open(): Rights | undefined {
    return this.mode === "none" ? { grant: OWNER_GRANT, credentials: ["none"] } : undefined;
  }

  /**
   * Throws `auth_failed` for a wrong credential and `rate_limited` after too many of them. `address` is counted, never
   * trusted; `cookie` is the panel's, when the request carried one.
   */
  authenticate(credentials: Credentials, { address, cookie }: { address: string; cookie: string | undefined }): Rights {
    this.#attempts.check(address);
    const isToken = "token" in credentials;
    const found = isToken ? this.#byToken(credentials.token) : this.#bySession(credentials.session_token, cookie);
    if (found) return found;
    this.#attempts.failed(address);
    throw new AlephError("auth_failed", isToken ? "Token is not valid" : "Session is not valid or has expired", {
      data: { hint: isToken ? "It is in ALEPH_HOME/credentials/token on the server" : "Log in again" },
    });
  }

  /** For the login page: by a token, or by the owner's password where one is set. Rejects as `authenticate` throws. */
  async authenticateLogin(secret: string, address: string): Promise<Rights> {
    this.#attempts.check(address);
    const found = this.#byToken(secret);
    if (found) return found;
    const isSet = this.#password.credential !== undefined;
    const credential = await this.#password.verify(secret, {
      before: () => {
        // Once more: others may have failed meanwhile.
        this.#attempts.check(address);
        if (isSet) this.#attempts.checkAccount();
      },
      wrong: () => {
        this.#attempts.failed(address);
        if (isSet) this.#attempts.failedAccount();
      },
    });
    if (credential !== undefined) return { grant: OWNER_GRANT, credentials: [credential] };
    throw new AlephError("auth_failed", "Password or token is not valid", {
      data: { hint: "The token is in ALEPH_HOME/credentials/token on the server" },
    });
  }

  /** For HTTP: `Authorization: Bearer` with a token. Throws `unauthenticated` when there is none, else as `authenticate`. */
  authenticateHeader(header: string | null | undefined, from: { readonly address: string }): Rights {
    if (this.open) return this.open;
    const token = bearerOf(header ?? "");
    if (!token) {
      throw new AlephError("unauthenticated", "A bearer token is needed", {
        data: { hint: "Send Authorization: Bearer <token>" },
      });
    }
    // Where nobody has guessed, an address that is known already is not asked for.
    if (this.#attempts.isQuiet) {
      const rights = this.#byToken(token);
      if (rights) return rights;
    }
    return this.authenticate({ token }, { address: from.address, cookie: undefined });
  }

  /** Ends with the credential that `rights` came from. */
  issueSession(kind: Login["kind"], { grant, credentials, expiresAt }: Rights): IssuedLogin {
    const until = grant.role === "guest" ? expiresAt : undefined;
    return this.logins.issue(kind, { identity: grant.identity.id, credential: credentials[0]!, until });
  }

  /** Ends the panel's login with this cookie and what was opened with it; harmless when there is none. */
  async logOut(cookie: string): Promise<void> {
    const ended = await this.logins.endByCookie(cookie);
    if (ended) this.#options.onRevoked(ended.id);
  }

  /**
   * By the key of a device. Rejects with `auth_failed` when it proves nothing, with `pairing_required` while nobody has
   * let the device in, and with `rate_limited` as `authenticate` does and when too many devices wait.
   */
  async authenticateDevice(proof: DeviceProof, claim: DeviceClaim & ConnectingDevice): Promise<Rights> {
    this.#attempts.check(claim.address);
    try {
      if (!claim.takeNonce(proof.nonce)) {
        throw new AlephError("auth_failed", "Nonce is not that of this connection, or was used", {
          data: { hint: "Sign the nonce of connect.challenge, once per connection" },
        });
      }
      await verifyDevice(proof, claim, this.#options.now());
    } catch (error) {
      this.#attempts.failed(claim.address);
      throw error;
    }
    const known = this.devices.get(proof.id);
    if (known) this.devices.noteSeen(proof.id);
    else if (claim.pairingCode === undefined) {
      throw this.#askForPairing({ ...claim.wants, deviceId: proof.id, address: claim.address });
    }
    const device = known ?? (await this.#pairByCode(proof.id, claim.pairingCode!, claim));
    return deviceRights(device);
  }

  /**
   * A code with which a device that nobody knows yet is let in at once, with scopes no wider than the caller's; it ends
   * with what the caller's rights came from. Throws `forbidden`.
   */
  preparePairing(
    { grant: { identity, scopes }, credentials }: Rights,
    wanted: {
      readonly role: "operator" | "node";
      readonly scopes?: readonly Scope[] | undefined;
      lastsMs?: number | undefined;
    },
  ): { readonly code: string; readonly expiresAt: number } {
    if (wanted.scopes) checkScopes(wanted.scopes, scopes);
    const given = { role: wanted.role, scopes: [...new Set(wanted.scopes ?? scopes)], by: identity.id };
    return this.pairings.prepare({ ...given, credentials }, wanted.lastsMs);
  }

  /** Takes an invite, which nobody else then can. Rejects as `authenticate` throws. */
  async redeemInvite(invite: string, address: string): Promise<Rights> {
    this.#attempts.check(address);
    const taken = await this.invites.redeem(invite);
    if (taken) return this.#guestRights(taken);
    this.#attempts.failed(address);
    throw new AlephError("auth_failed", "Invite is not valid, was used or has expired", {
      data: { hint: "Ask for another one" },
    });
  }

  /** Ends the invite and what was opened with it. Throws `not_found`. */
  async revokeInvite(id: string): Promise<void> {
    await this.invites.remove(id);
    await this.#end(guestCredential(id));
    this.#forgetGuest(id);
    this.visits.endOf(id);
  }

  /** To be called now and then: ends the sessions of guests whose time is over. */
  endExpiredGuests(): void {
    const now = this.#options.now();
    for (const [id, { expires_at }] of this.#guests) if (expires_at <= now) this.#forgetGuest(id);
    this.visits.sweep();
  }

  /**
   * A new secret for the token, or without an id for the owner's. Resolves when the old one is worth nothing. Throws
   * `forbidden` for what may more than the caller: whoever has fewer rights must not come by more.
   */
  async rotateToken(id: string | undefined, { identity, scopes }: Grant): Promise<{ token_id: string; token: string }> {
    if (id !== undefined) {
      const rotated = await this.tokens.rotate(id, scopes);
      await this.#end(tokenCredential(id));
      return rotated;
    }
    if (identity.id !== OWNER_GRANT.identity.id || scopes.length < OWNER_GRANT.scopes.length) {
      throw new AlephError("forbidden", "Only the owner's token itself can be used to replace it", {
        data: { hint: "On the server: aleph tokens rotate" },
      });
    }
    const previous = ownerCredential(this.#options.ownerToken());
    const token = this.#options.replaceOwnerToken();
    await this.#end(previous);
    return { token_id: OWNER_GRANT.identity.id, token };
  }

  /** Ends all logins of an identity and what was opened with them. */
  async logOutEverywhere(identity: string): Promise<number> {
    const ended = await this.logins.endAll(identity);
    for (const { id } of ended) this.#options.onRevoked(id);
    return ended.length;
  }

  /** Lets a waiting device in. Throws `not_found`, after too many wrong codes `rate_limited`, `forbidden` for wider scopes. */
  async approvePairing(idOrCode: string, { identity, scopes }: Grant, wanted?: readonly Scope[]): Promise<Device> {
    const pairing = this.#pairing(idOrCode, identity.id);
    if (wanted) checkScopes(wanted, scopes);
    const given = pairing.scopes.filter((scope) => (wanted ?? scopes).includes(scope));
    if (!this.pairings.take(pairing.id)) throw noPairing();
    const device = await this.devices.add(pairing, given, identity.id);
    this.#resolved(pairing, true, identity.id);
    return device;
  }

  /** Throws as `approvePairing`. */
  rejectPairing(idOrCode: string, { identity }: Grant): PendingPairing {
    const pairing = this.#pairing(idOrCode, identity.id);
    if (!this.pairings.take(pairing.id)) throw noPairing();
    this.#resolved(pairing, false, identity.id);
    return pairing;
  }

  /** Ends the token and what was opened with it. Throws `not_found`. */
  async revokeToken(id: string): Promise<void> {
    await this.tokens.remove(id);
    await this.#end(tokenCredential(id));
  }

  /** Ends the device and what it has open. Throws `not_found`. */
  async revokeDevice(id: string): Promise<void> {
    await this.devices.remove(id);
    await this.#end(deviceCredential(id));
  }

  /** What could be opened with what came from it is gone, and then what is open. */
  async #end(credential: string): Promise<void> {
    try {
      await this.logins.endOf(credential);
    } finally {
      // Last, so that whoever ends what it speaks over has its answer; also when the disk is full.
      this.#options.onRevoked(credential);
    }
  }

  #guestRights(invite: Invite): Rights {
    this.#guests.set(invite.invite_id, invite);
    return guestRights(invite);
  }

  #forgetGuest(id: string): void {
    const known = this.#guests.get(id);
    this.#guests.delete(id);
    if (known) this.#options.onGuestGone(guestSessionKey(known.invite_id));
  }

  async #pairByCode(deviceId: string, code: string, { address, wants }: ConnectingDevice): Promise<Device> {
    const prepared = this.pairings.redeem(code);
    if (prepared?.role !== wants.role) {
      this.#attempts.failed(address);
      throw new AlephError("auth_failed", "Pairing code is not valid, was used or has expired", {
        data: { hint: "Ask for a new one, or connect without a code and wait to be let in" },
      });
    }
    const scopes = prepared.scopes.filter((scope) => wants.scopes.includes(scope));
    const device = await this.devices.add({ ...wants, deviceId }, scopes, prepared.by);
    // Whatever it asked for before it had the code is answered by that.
    for (const { id } of this.pairings.list().filter((waiting) => waiting.deviceId === deviceId))
      this.pairings.take(id);
    this.#options.bus.publish("auth.pairing_resolved", {
      pairing_id: prepared.id,
      device_id: deviceId,
      approved: true,
      by: prepared.by,
    });
    return device;
  }

  #pairing(idOrCode: string, by: string): PendingPairing {
    const guesser = `approver ${by}`;
    this.#attempts.check(guesser);
    const found = this.pairings.find(idOrCode);
    if (found) return found;
    this.#attempts.failed(guesser);
    throw noPairing();
  }

  #askForPairing(wanted: PairingRequest): AlephError {
    const { pairing, isNew } = this.pairings.request(wanted);
    const { id, code, deviceId, name, role, scopes, expiresAt } = pairing;
    if (isNew) {
      const event = { pairing_id: id, device_id: deviceId, name, role, scopes: [...scopes], expires_at: expiresAt };
      this.#options.bus.publish("auth.pairing_requested", event);
    }
    return new AlephError("pairing_required", "An operator must let this device in", {
      data: { pairing_id: id, code, expires_at: expiresAt, hint: "Approve the code on the server, then connect again" },
    });
  }

  #resolved({ id, deviceId }: PendingPairing, approved: boolean, by: string): void {
    this.#options.bus.publish("auth.pairing_resolved", { pairing_id: id, device_id: deviceId, approved, by });
  }

  #byToken(token: string): Rights | undefined {
    const expected = this.#options.ownerToken();
    if (!sameSecret(token, expected)) {
      const found = this.tokens.find(token);
      if (found) this.tokens.noteUse(found);
      return found && tokenRights(found);
    }
    if (this.#owner?.token !== expected) {
      this.#owner = { token: expected, rights: { grant: OWNER_GRANT, credentials: [ownerCredential(expected)] } };
    }
    return this.#owner.rights;
  }

  #bySession(token: string, cookie: string | undefined): Rights | undefined {
    const login = this.logins.find(token, cookie);
    const from = login && this.#byCredential(login.credential);
    if (!from) return undefined;
    const expiresAt = Math.min(login.expiresAt, from.expiresAt ?? Number.POSITIVE_INFINITY);
    return { grant: from.grant, credentials: [...from.credentials, login.id], expiresAt };
  }

  /** What a login came from is asked for anew each time: less is less at once. */
  #byCredential(credential: string): Rights | undefined {
    if (credential === ownerCredential(this.#options.ownerToken())) {
      return { grant: OWNER_GRANT, credentials: [credential] };
    }
    if (credential === this.#password.credential) return { grant: OWNER_GRANT, credentials: [credential] };
    const [kind, id = ""] = credential.split(" ");
    const token = kind === "token" ? this.tokens.get(id) : undefined;
    if (token) return tokenRights(token);
    const invite = kind === "guest" ? this.invites.current(id) : undefined;
    if (invite) return this.#guestRights(invite);
    const device = kind === "device" ? this.devices.get(id) : undefined;
    return device && deviceRights(device);
  }
}

/** Of a connection that a device speaks over. */
export interface ConnectingDevice {
  readonly address: string;
  readonly takeNonce: (nonce: string) => boolean;
  /** What to ask an operator for, when the device is not known. */
  readonly wants: Pick<PairingRequest, "name" | "platform" | "role" | "scopes">;
  /** Made beforehand by an operator; only a device that is not known needs it. */
  readonly pairingCode?: string | undefined;
}

function noPairing(): AlephError {
  return new AlephError("not_found", "No device waits with this code", {
    data: { hint: "A code lasts 10 minutes; auth.pairing.list shows those that wait" },
  });
}
