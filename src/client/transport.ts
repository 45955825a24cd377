/** Opens a connection to a server over the network. */
import { Inbox } from "../lib/inbox.ts";
import { pinnedTls } from "../lib/pinned-tls.ts";
import type { Transport } from "../sdk/transport.ts";

export type { Transport };

export interface OpenOptions {
  readonly signal?: AbortSignal;
  /** The only certificate that the server may show, in PEM, whoever made it and whatever name it is for. Not in browsers. */
  readonly certificate?: string;
}

/**
 * Opens `ws://` or `wss://`; works in browsers and in Bun. Rejects when no connection comes about, or `signal` aborts
 * before it has; later the signal changes nothing.
 */
export function openWebSocket(url: string, { signal, certificate }: OpenOptions = {}): Promise<Transport> {
  const socket = certificate === undefined ? new WebSocket(url) : openPinned(url, certificate);
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

function openPinned(url: string, certificate: string): WebSocket {
  const options = { tls: pinnedTls(certificate) };
  return new (WebSocket as unknown as new (url: string, options: object) => WebSocket)(url, options);
}
