/** A WebSocket on which a test says each frame itself, and sees each that comes. */

export interface Frames extends Disposable {
  send(frame: string | Uint8Array<ArrayBuffer>): void;
  /** Sends a request and returns the next frame that is not an event. */
  ask(request: unknown): Promise<unknown>;
  /** The next frame that is not an event, parsed. Rejects when the socket has closed. */
  next(): Promise<unknown>;
  /** Everything that came so far, events too, parsed. */
  readonly received: readonly Frame[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

export interface Frame {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: { readonly topic: string; readonly seq: number; readonly data: Readonly<Record<string, unknown>> };
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data: Readonly<Record<string, unknown>>;
  };
}

/** `url` is the server's `http://…`; with a token the handshake is done. */
export async function openFrames(
  url: string,
  { token, headers = {} }: { token?: string; headers?: Record<string, string> } = {},
): Promise<Frames> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/ws`, { headers } as unknown as string[]);
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<{ code: number; reason: string }>();
  const received: Frame[] = [];
  const answers: unknown[] = [];
  let waiting: PromiseWithResolvers<unknown>[] = [];
  socket.onopen = () => opened.resolve();
  socket.onclose = ({ code, reason }) => {
    opened.reject(new Error(`No connection to ${url}`));
    ended.resolve({ code, reason });
    for (const waiter of waiting) waiter.reject(new Error(`Closed with ${code} ${reason}`));
  };
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(String(data)) as Frame;
    received.push(frame);
    if (frame.method === "event") return;
    const waiter = waiting.shift();
    if (waiter) waiter.resolve(frame);
    else answers.push(frame);
  };
  await opened.promise;
  const frames: Frames = {
    send: (frame) => socket.send(frame),
    next() {
      if (answers.length > 0) return Promise.resolve(answers.shift());
      if (socket.readyState !== WebSocket.OPEN) return Promise.reject(new Error("The socket is closed"));
      const waiter = Promise.withResolvers<unknown>();
      waiting = [...waiting, waiter];
      return waiter.promise;
    },
    ask(request) {
      frames.send(JSON.stringify(request));
      return frames.next();
    },
    received,
    closed: ended.promise,
    [Symbol.dispose]: () => socket.close(),
  };
  if (token !== undefined) {
    const { error } = (await frames.ask(request("connect", { auth: { token } }, "connect"))) as Frame;
    if (error) throw new Error(error.message);
  }
  return frames;
}

export function request(method: string, params?: unknown, id?: unknown): Record<string, unknown> {
  return { jsonrpc: "2.0", ...(id === undefined ? {} : { id }), method, ...(params === undefined ? {} : { params }) };
}
