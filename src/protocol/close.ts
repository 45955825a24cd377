/** Why a socket was closed. Apart from `connect.ts`, whose schemas a server need not load to start. */

/** WebSocket close codes of our own (RFC 6455 §7.4.2 leaves 4000–4999 to applications). */
export const CLOSE = {
  /** Restart or shutdown; a client reconnects. */
  serviceRestart: 1012,
  /** No valid `connect` within 10 s, or its credentials were revoked. */
  unauthenticated: 4401,
  /** The reader was slower than the events for it. */
  slowConsumer: 4008,
} as const;
