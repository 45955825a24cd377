import type { Auth } from "../../auth/auth.ts";
import type { Log } from "../../lib/log.ts";
import { VERSION } from "../../lib/version.ts";
import { type ConnectParams, connectParams, connectResult, PROTOCOL_VERSION } from "../../protocol/connect.ts";
import { AlephError } from "../../protocol/errors.ts";
import { SCOPES } from "../../protocol/identity.ts";
import type { Connection, Rights } from "../../sdk/connection.ts";
import { defineMethod } from "../../sdk/method.ts";

/** What the answer tells about the server. */
export interface ServerFacts {
  readonly instanceId: string;
  readonly methods: readonly string[];
  /** Those that guests may call. */
  readonly guestMethods: readonly string[];
  readonly events: readonly string[];
  readonly tickIntervalMs: number;
  readonly maxPayload: () => number;
  readonly maxBuffered: () => number;
  readonly rateLimits: () => Readonly<Record<string, number>>;
}

export const authConnect = defineMethod({
  name: "auth.connect",
  summary: "Open the conversation: agree on the protocol, prove who is calling, learn what may be done",
  scope: "public",
  params: connectParams,
  result: connectResult,
  handle(
    { auth, facts }: { auth: Prover & Pick<Auth, "mode" | "issueSession" | "devices">; facts: ServerFacts },
    params,
    { connection, log },
  ) {
    if (params.minProtocol > PROTOCOL_VERSION || params.maxProtocol < PROTOCOL_VERSION) {
      throw new AlephError("invalid_params", `Protocol ${PROTOCOL_VERSION} is the only one spoken here`, {
        data: { issues: [{ path: "maxProtocol", message: `must allow ${PROTOCOL_VERSION}` }] },
      });
    }
    const needsNone = connection.rights !== undefined && (!params.auth || auth.mode === "none");
    const proven = needsNone ? connection.rights! : prove(auth, params, connection);
    const mayIssue = !needsNone && !(params.auth && "session_token" in params.auth);
    function enter(found: Proven) {
      const rights = narrowed(found, params.scopes);
      connection.authenticate(rights);
      const { identity, role, scopes } = rights.grant;
      return {
        protocol: PROTOCOL_VERSION,
        server: { name: "aleph-server", version: VERSION, instance_id: facts.instanceId },
        identity: { ...identity },
        role,
        scopes: [...scopes],
        // A visit is kept in memory alone, and so is what opens it again.
        ...(found.visit !== undefined ? { visit: found.visit } : {}),
        ...(found.visit === undefined && mayIssue && rights === found ? sessionOf(auth, rights, log) : {}),
        ...deviceOf(auth, rights),
        features: { methods: [...(role === "guest" ? facts.guestMethods : facts.methods)], events: [...facts.events] },
        policy: {
          max_payload: facts.maxPayload(),
          max_buffered: facts.maxBuffered(),
          tick_interval_ms: facts.tickIntervalMs,
          rate_limits: { ...facts.rateLimits() },
        },
      };
    }
    // At once where nothing has to be verified: what stands behind `connect` finds it done.
    return proven instanceof Promise ? proven.then(enter) : enter(proven);
  },
});

type Prover = Pick<Auth, "authenticate" | "authenticateDevice" | "redeemInvite" | "visits">;

type Proven = Rights & { readonly visit?: string };

function prove(auth: Prover, params: ConnectParams, connection: Connection): Proven | Promise<Proven> {
  const { auth: given, client, role = "operator", scopes } = params;
  const { address, cookie, host } = connection;
  if (!given) {
    throw new AlephError("unauthenticated", "Credentials are missing", {
      data: { hint: 'Send auth: {"token": "…"} with the token from ALEPH_HOME/credentials/token' },
    });
  }
  if ("invite" in given) {
    const { origin, ended } = connection;
    const opened = auth.visits.open(given.invite, { origin, address, visit: given.visit, ended });
    if (opened) return opened;
  }
  if (connection.isForeign) {
    throw new AlephError("forbidden", "A page of another origin needs an invite that names it", {
      data: { hint: "aleph invites create --widget makes one" },
    });
  }
  if ("invite" in given) return auth.redeemInvite(given.invite, address);
  if (!("device" in given)) return auth.authenticate(given, { address, cookie });
  if (role === "guest") throw new AlephError("forbidden", "A device is no guest");
  const clientId = client?.id ?? "";
  return auth.authenticateDevice(given.device, {
    clientId,
    role,
    scopes: scopes ?? [],
    host,
    address,
    takeNonce: (nonce) => connection.takeNonce(nonce),
    pairingCode: given.pairing_code,
    wants: {
      name: harmless(clientId),
      platform: client?.platform === undefined ? undefined : harmless(client.platform),
      role,
      scopes: scopes ?? SCOPES,
    },
  });
}

/** A name that strangers choose: nothing in it may move a terminal or break a line of the log. */
function harmless(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 64);
}

/** What is known of the device behind the rights, if it is one. */
function deviceOf({ devices }: Pick<Auth, "devices">, { grant: { identity } }: Rights) {
  const found = identity.kind === "device" || identity.kind === "node" ? devices.get(identity.id) : undefined;
  if (!found) return {};
  const { last_seen_at: _, platform: _own, scopes, ...rest } = found;
  return { device: { ...rest, scopes: [...scopes] } };
}

/** A convenience: a server whose disk is full must still let in whoever wants to see why. */
function sessionOf(auth: Pick<Auth, "issueSession">, rights: Rights, log: Log) {
  try {
    const { token, expiresAt } = auth.issueSession("connect", rights);
    return { session_token: token, session_expires_at: expiresAt };
  } catch (error) {
    if (!(error instanceof AlephError && error.reason === "storage_failed")) throw error;
    log.warn("no session token: the database cannot be written", { error: error.message });
    return {};
  }
}

/** A client may ask for less than it could have, never for more. The same object when it gets all. */
function narrowed(rights: Rights, wanted: readonly string[] | undefined): Rights {
  const scopes = rights.grant.scopes.filter((scope) => !wanted || wanted.includes(scope));
  if (scopes.length === rights.grant.scopes.length) return rights;
  return { ...rights, grant: { ...rights.grant, scopes } };
}
