/** JSON-RPC over a WebSocket with nothing in between: every event is seen as it came, repeated and late ones too. */

export interface RawEvent {
  readonly topic: string;
  readonly seq: number;
  readonly ts: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface RpcFailure {
  readonly code: number;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The server answered with an error. */
export class RpcError extends Error {
  readonly failure: RpcFailure;

  constructor(failure: RpcFailure) {
    super(`${failure.code} ${failure.message} ${JSON.stringify(failure.data ?? {})}`);
    this.failure = failure;
  }
}

export interface RawSocket extends Disposable {
  /** Rejects with `RpcError`, or with `Error` when the socket closes before the answer. */
  call<T>(method: string, params?: unknown): Promise<T>;
  /** Set to see the events. */
  onEvent: (event: RawEvent) => void;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** Opens and shakes hands with `token`. `url` is the server's `http://…`. */
export async function openRawSocket(url: string, token: string): Promise<RawSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws").replace(/\/$/, "")}/ws`);
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<{ code: number; reason: string }>();
  let next = 1;
  const raw: RawSocket = {
    onEvent: () => undefined,
    closed: ended.promise,
    async call<T>(method: string, params: unknown = {}): Promise<T> {
      if (socket.readyState !== WebSocket.OPEN) throw new Error("The socket is closed");
      const id = next++;
      const answer = Promise.withResolvers<unknown>();
      pending.set(id, answer);
      socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
      return (await answer.promise) as T;
    },
    [Symbol.dispose]: () => socket.close(),
  };
  socket.onopen = () => opened.resolve();
  socket.onclose = ({ code, reason }) => {
    opened.reject(new Error(`No connection to ${url}`));
    for (const answer of pending.values()) answer.reject(new Error("The socket closed before the answer came"));
    pending.clear();
    ended.resolve({ code, reason });
  };
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(String(data)) as Frame;
    if (frame.method === "event") {
      raw.onEvent(frame.params as RawEvent);
      return;
    }
    const answer = pending.get(Number(frame.id));
    pending.delete(Number(frame.id));
    if (frame.error) answer?.reject(new RpcError(frame.error));
    else answer?.resolve(frame.result);
  };
  await opened.promise;
  await raw.call("connect", { client: { id: "test" }, auth: { token } });
  return raw;
}

interface Frame {
  readonly id?: number | null;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: RpcFailure;
}
