/** One HTTP/1.1 connection that asks again and again: as little of its own as can be, so that the server is measured. */

export interface Answered {
  /** Milliseconds to the first byte of the body, and to the last. */
  readonly firstMs: number;
  readonly ms: number;
  readonly body: string;
}

export interface HttpClient extends Disposable {
  ask(): Promise<Answered>;
}

/** The request as bytes, with all its headers. */
export function requestBytes(path: string, token: string, body: string): Uint8Array {
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    `Authorization: Bearer ${token}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

export async function openHttpClient(port: number, request: Uint8Array): Promise<HttpClient> {
  let got = "";
  let began = 0;
  let firstMs = 0;
  let waiting: PromiseWithResolvers<Answered> | undefined;
  let unsent: Uint8Array = new Uint8Array();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, bytes) {
        got += bytes.toString("latin1");
        const split = got.indexOf("\r\n\r\n");
        if (split < 0) return;
        if (firstMs === 0 && got.length > split + 4) firstMs = performance.now() - began;
        const length = /\r\ncontent-length: (\d+)/i.exec(got.slice(0, split));
        const body = got.slice(split + 4);
        if (length ? body.length < Number(length[1]) : !body.endsWith("0\r\n\r\n")) return;
        if (!got.startsWith("HTTP/1.1 200")) waiting?.reject(new Error(got.slice(0, 400)));
        waiting?.resolve({ firstMs, ms: performance.now() - began, body });
      },
      drain(open) {
        unsent = unsent.subarray(open.write(unsent));
      },
      close: () => waiting?.reject(new Error("The connection was closed")),
      error: (_, error) => waiting?.reject(error),
    },
  });
  return {
    ask() {
      waiting = Promise.withResolvers();
      got = "";
      firstMs = 0;
      began = performance.now();
      unsent = request.subarray(socket.write(request));
      return waiting.promise;
    },
    [Symbol.dispose]: () => socket.end(),
  };
}
