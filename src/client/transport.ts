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

/** Opens `ws://` or `wss://`; works in browsers and in Bun. Rejects when no connection comes about. */
export function openWebSocket(url: string): Promise<Transport> {
  const socket = new WebSocket(url);
  const ended = Promise.withResolvers<{ code: number; reason: string }>();
  const opened = Promise.withResolvers<Transport>();
  const early: string[] = [];
  const transport: Transport = {
    send: (frame) => socket.send(frame),
    close: () => socket.close(),
    onFrame: (frame) => void early.push(frame),
    closed: ended.promise,
  };
  socket.onmessage = ({ data }) => transport.onFrame(String(data));
  socket.onclose = ({ code, reason }) => {
    opened.reject(new Error(`No connection to ${url}`));
    ended.resolve({ code, reason });
  };
  socket.onopen = () => {
    opened.resolve(transport);
  };
  return opened.promise;
}
