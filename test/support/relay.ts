/** A line between two programs that a test can cut, or let go dead without either side being told. */
import type { Socket } from "bun";

interface End {
  other: Socket<End> | undefined;
  readonly early: Buffer[];
}

export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Ends what is open and takes nothing new until `mend`. */
  cut(): void;
  /** What is sent from now on does not arrive, and nobody is told. */
  hold(): void;
  mend(): void;
  /** Whether something is connected through it. */
  readonly isUsed: boolean;
}

/** Listens on a free port of loopback and goes on to `target`. */
export async function startRelay(target: number): Promise<Relay> {
  let state: "open" | "cut" | "held" = "open";
  const ends = new Set<Socket<End>>();
  const forward = (socket: Socket<End>, data: Buffer): void => {
    // Copied: the buffer is used again.
    const copy = Buffer.from(data);
    if (state !== "open") return;
    const { other } = socket.data;
    if (!other) socket.data.early.push(copy);
    else send(other, copy);
  };
  const left = new Map<Socket<End>, Buffer[]>();
  const send = (socket: Socket<End>, data: Buffer): void => {
    const waiting = left.get(socket);
    if (waiting) {
      waiting.push(data);
      return;
    }
    const written = socket.write(data);
    if (written < data.length) left.set(socket, [data.subarray(Math.max(0, written))]);
  };
  const drain = (socket: Socket<End>): void => {
    const waiting = left.get(socket) ?? [];
    left.delete(socket);
    for (const data of waiting) send(socket, data);
  };
  const closed = (socket: Socket<End>): void => {
    ends.delete(socket);
    left.delete(socket);
    if (state !== "held") socket.data.other?.end();
  };
  const listener = Bun.listen<End>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      async open(socket) {
        socket.data = { other: undefined, early: [] };
        ends.add(socket);
        if (state !== "open") {
          socket.terminate();
          return;
        }
        try {
          const other = await Bun.connect<End>({
            hostname: "127.0.0.1",
            port: target,
            data: { other: socket, early: [] },
            socket: { data: forward, drain, close: closed, error: () => undefined },
          });
          ends.add(other);
          socket.data.other = other;
          for (const data of socket.data.early.splice(0)) send(other, data);
        } catch {
          // Nobody listens there now.
          socket.terminate();
        }
      },
      data: forward,
      drain,
      close: closed,
      error: () => undefined,
    },
  });
  const drop = () => {
    for (const socket of [...ends]) socket.terminate();
    ends.clear();
    left.clear();
  };
  return {
    port: listener.port,
    get isUsed() {
      return ends.size > 0;
    },
    cut() {
      state = "cut";
      drop();
    },
    hold() {
      state = "held";
    },
    mend() {
      if (state === "held") drop();
      state = "open";
    },
    async [Symbol.asyncDispose]() {
      state = "cut";
      drop();
      listener.stop(true);
    },
  };
}
