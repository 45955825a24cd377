import type { Auth } from "../../auth/auth.ts";
import { VERSION } from "../../lib/version.ts";
import { connectParams, connectResult, PROTOCOL_VERSION } from "../../protocol/connect.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineMethod } from "../../sdk/method.ts";

/** What the answer tells about the server. */
export interface ServerFacts {
  readonly instanceId: string;
  readonly methods: readonly string[];
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
    { auth, facts }: { auth: Pick<Auth, "open" | "authenticate" | "issueSession">; facts: ServerFacts },
    params,
    { connection },
  ) {
    if (params.minProtocol > PROTOCOL_VERSION || params.maxProtocol < PROTOCOL_VERSION) {
      throw new AlephError("invalid_params", `Protocol ${PROTOCOL_VERSION} is the only one spoken here`, {
        data: { issues: [{ path: "maxProtocol", message: `must allow ${PROTOCOL_VERSION}` }] },
      });
    }
    const { address, cookie } = connection;
    const granted = connection.grant && { grant: connection.grant, credential: "process" };
    const authenticated = auth.open ?? (params.auth ? auth.authenticate(params.auth, { address, cookie }) : granted);
    if (!authenticated) {
      throw new AlephError("unauthenticated", "Credentials are missing", {
        data: { hint: 'Send auth: {"token": "…"} with the token from ALEPH_HOME/credentials/token' },
      });
    }
    connection.authenticate(authenticated.grant, authenticated.credential);
    const { identity, role, scopes } = authenticated.grant;
    const session = params.auth && "token" in params.auth ? auth.issueSession("connect", authenticated) : undefined;
    return {
      protocol: PROTOCOL_VERSION,
      server: { name: "aleph-server", version: VERSION, instance_id: facts.instanceId },
      identity: { ...identity },
      role,
      scopes: [...scopes],
      ...(session ? { session_token: session.token, session_expires_at: session.expiresAt } : {}),
      features: { methods: [...facts.methods], events: [...facts.events] },
      policy: {
        max_payload: facts.maxPayload(),
        max_buffered: facts.maxBuffered(),
        tick_interval_ms: facts.tickIntervalMs,
        rate_limits: { ...facts.rateLimits() },
      },
    };
  },
});
