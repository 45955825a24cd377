/** Opens a connection to a server over the network. */
import type { Transport } from "../sdk/transport.ts";

export type { Transport };

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
