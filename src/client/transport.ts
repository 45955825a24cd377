/** Opens a connection to a server over the network. */
import { Inbox } from "../lib/inbox.ts";
import type { Transport } from "../sdk/transport.ts";

export type { Transport };

/**
 * Opens `ws://` or `wss://`; works in browsers and in Bun. Rejects when no connection comes about, or `signal` aborts
 * before it has; later the signal changes nothing.
 */
export function openWebSocket(url: string, signal?: AbortSignal): Promise<Transport> {
  const socket = new WebSocket(url);
  const ended = Promise.withResolvers<{ code: number; reason: string }>();
  const opened = Promise.withResolvers<Transport>();
  const inbox = new Inbox<string>();
  const transport: Transport = {
    send: (frame) => socket.send(frame),
    close: () => socket.close(),
    get onFrame() {
      return inbox.listener;
    },
    set onFrame(listener) {
      inbox.listener = listener;
    },
    closed: ended.promise,
  };
  socket.onmessage = ({ data }) => inbox.push(String(data));
  socket.onclose = ({ code, reason }) => {
    opened.reject(new Error(`No connection to ${url}`));
    ended.resolve({ code, reason });
  };
  const giveUp = () => socket.close();
  signal?.addEventListener("abort", giveUp, { once: true });
  socket.onopen = () => {
    signal?.removeEventListener("abort", giveUp);
    opened.resolve(transport);
  };
  return opened.promise;
}
