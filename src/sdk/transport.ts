/** What carries frames between a client and a server: a WebSocket, or a pair of functions in one process. */

export interface Transport {
  send(frame: string): void;
  /** Ends it; `closed` still resolves. */
  close(): void;
  /** Set by the client before anything arrives. */
  onFrame: (frame: string) => void;
  /** Resolves when it has ended, whoever ended it. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}
