/** What carries frames between a client and a server: a WebSocket, or a pair of functions in one process. */

export interface Transport {
  send(frame: string): void;
  /** Ends it; `closed` still resolves. */
  close(): void;
  /** Set by the client; what arrives before that is kept for it. */
  onFrame: (frame: string) => void;
  /** Resolves when it has ended, whoever ended it. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}
