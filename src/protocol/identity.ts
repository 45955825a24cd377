/** Who is calling and what they may do. The server grants; what a client claims is a request. */

/** `read` looks, `chat` talks to the agent, `write` changes, `approve` answers approvals, `admin` configures. */
export const SCOPES = ["read", "chat", "write", "approve", "admin"] as const;
export type Scope = (typeof SCOPES)[number];

export const ROLES = ["operator", "node", "guest"] as const;
export type Role = (typeof ROLES)[number];

export interface Identity {
  readonly id: string;
  /** `peer`: somebody who writes over a channel, and was let in. */
  readonly kind: "owner" | "device" | "guest" | "node" | "peer";
}

/** What the server gave to a connection or an HTTP request. */
export interface Grant {
  readonly identity: Identity;
  readonly role: Role;
  readonly scopes: readonly Scope[];
  /** Of guests, who have one session and some tools, and nothing besides. */
  readonly guest?: {
    readonly sessionKey: string;
    readonly tools: readonly string[];
    /** Anybody who opened a page, not somebody who was invited by name. */
    readonly isVisitor?: boolean;
  };
}

export const OWNER_GRANT: Grant = { identity: { id: "owner", kind: "owner" }, role: "operator", scopes: SCOPES };
