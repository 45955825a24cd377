/** Why a socket was closed. Apart from `connect.ts`, whose schemas a server need not load to start. */

/** WebSocket close codes: those of RFC 6455 §7.4.1 that are used, and our own (§7.4.2 leaves 4000–4999 to applications). */
export const CLOSE = {
  /** A frame over `max_payload`; from those who are not connected yet, one over 4 KiB. */
  tooBig: 1009,
  /** The server failed; a client reconnects. */
  internal: 1011,
  /** Restart or shutdown; a client reconnects. */
  serviceRestart: 1012,
  /** No valid `connect` within 10 s, or its credentials were revoked. */
  unauthenticated: 4401,
  /** The reader was slower than the events for it. */
  slowConsumer: 4008,
} as const;
