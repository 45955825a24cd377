/** Who may write, and as whom: the one place where a sender of a chat becomes a grant and a session. */
import { type Grant, OWNER_GRANT, type Scope } from "../protocol/identity.ts";
import { buildSessionKey, parseSessionKey } from "../protocol/session-key.ts";
import type { ChatPolicy, IncomingMessage, Sender } from "../sdk/channel.ts";
import { sessionName } from "./session-name.ts";

/** Where somebody writes. */
export interface Place {
  /** The interface. */
  readonly channel: string;
  /** Where an id of a sender is the same person: the interface itself, or all accounts of its platform. */
  readonly realm: string;
  readonly policy: ChatPolicy;
}

/** A sender whom the owner let in. */
export interface Peer {
  readonly scopes: readonly Scope[];
}

export type Admission =
  | { readonly kind: "taken"; readonly grant: Grant; readonly sessionKey: string }
  /** A stranger who may ask to be let in. */
  | { readonly kind: "stranger" }
  | { readonly kind: "refused" }
  /** Said among others, and not to Aleph. */
  | { readonly kind: "overheard" };

export function admit(
  place: Place,
  message: Pick<IncomingMessage, "sender" | "group">,
  peer: Peer | undefined,
): Admission {
  return message.group ? inGroup(place, message.sender, message.group, peer) : alone(place, message.sender, peer);
}

/** What a sender may do; nothing when he is a stranger. */
export function grantOf({ channel, policy }: Place, { id }: Sender, peer: Peer | undefined): Grant | undefined {
  if (policy.allow_from.includes(id)) return OWNER_GRANT;
  if (!peer) return undefined;
  return { identity: { id: identityOf(channel, id), kind: "peer" }, role: "operator", scopes: peer.scopes };
}

function alone(place: Place, sender: Sender, peer: Peer | undefined): Admission {
  const { channel, policy } = place;
  const { dm_policy, dm_scope, agent, guest_tools } = policy;
  if (dm_policy === "disabled") return { kind: "refused" };
  // An allowlist is one: whom the owner let in at another time does not count.
  const grant = grantOf(place, sender, dm_policy === "allowlist" ? undefined : peer);
  if (grant) {
    const isOwner = grant.identity.kind === "owner";
    const sessionKey =
      isOwner && dm_scope === "main"
        ? buildSessionKey({ form: "main", agent, name: "main" })
        : buildSessionKey({ form: "direct", agent, channel: scopeOf(place), peer: sessionName(sender.id) });
    return { kind: "taken", grant, sessionKey };
  }
  if (dm_policy === "pairing") return { kind: "stranger" };
  if (dm_policy === "allowlist") return { kind: "refused" };
  return asGuest(channel, sender, guestSession(agent, channel, sender.id), guest_tools);
}

function inGroup(
  place: Place,
  sender: Sender,
  group: NonNullable<IncomingMessage["group"]>,
  peer: Peer | undefined,
): Admission {
  const { channel, policy } = place;
  const { groups, agent } = policy;
  const rules = Object.hasOwn(groups, group.id) ? groups[group.id] : groups["*"];
  if (!rules) return { kind: "refused" };
  if (rules.require_mention && !group.addressed) return { kind: "overheard" };
  const grant = grantOf(place, sender, peer);
  if (grant) {
    const thread = group.thread === undefined ? {} : { thread: sessionName(group.thread) };
    const sessionKey = buildSessionKey({ form: "group", agent, channel, group: sessionName(group.id), ...thread });
    return { kind: "taken", grant, sessionKey };
  }
  if (!rules.allow_from.includes("*") && !rules.allow_from.includes(sender.id)) return { kind: "refused" };
  // Apart from what the owner's tools brought into the group's own session.
  const tools = rules.guest_tools ?? policy.guest_tools;
  return asGuest(channel, sender, guestSession(agent, channel, group.id), tools);
}

/** Of a guest the grant itself says what is his: no tool but these, and no session but this one. */
function asGuest(channel: string, { id }: Sender, sessionKey: string, tools: readonly string[] = []): Admission {
  const identity = { id: identityOf(channel, id), kind: "guest" } as const;
  const grant: Grant = { identity, role: "guest", scopes: ["chat"], guest: { sessionKey, tools } };
  return { kind: "taken", grant, sessionKey };
}

/** Nothing of it is kept on disk. */
function guestSession(agent: string, channel: string, id: string): string {
  const digest = new Bun.CryptoHasher("sha256").update(`${channel}\0${id}`).digest("hex");
  return buildSessionKey({ form: "ephemeral", agent, id: `${channel}-${digest.slice(0, 32)}` });
}

function identityOf(channel: string, id: string): string {
  return `${channel}:${id}`;
}

/** How the sessions of those who write alone are named. */
function scopeOf({ channel, realm, policy }: Place): string {
  return policy.dm_scope === "per_channel_peer" ? channel : realm;
}

/** Whether a sender takes part in the conversation that a session, or the one that started it, belongs to. */
export function isSpokenIn(place: Place, senderId: string, sessionKey: string | null): boolean {
  if (sessionKey === null) return false;
  const key = parseSessionKey(rootOf(sessionKey));
  if (key.form === "direct") return key.channel === scopeOf(place) && key.peer === sessionName(senderId);
  return key.form === "group" && key.channel === place.channel;
}

/** The session of the person whose message started it all. */
export function rootOf(sessionKey: string): string {
  const key = parseSessionKey(sessionKey);
  return key.form === "subagent" ? rootOf(key.parent) : sessionKey;
}
