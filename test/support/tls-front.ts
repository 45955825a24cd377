/** What speaks TLS with a certificate of its own before a server without one, and passes its WebSockets on. */
import { readFileSync } from "node:fs";
import type { TestApp } from "./app.ts";
import type { MadeCertificate } from "./certificates.ts";

export interface TlsFront extends AsyncDisposable {
  readonly port: number;
  /** How many have asked for anything at all. */
  readonly requests: () => number;
}

export function startTlsFront({ wsUrl }: Pick<TestApp, "wsUrl">, tls: MadeCertificate, port = 0): TlsFront {
  let count = 0;
  const server = Bun.serve<{ upstream: WebSocket; waiting: string[] }>({
    hostname: "127.0.0.1",
    port,
    tls: { cert: readFileSync(tls.cert, "utf8"), key: readFileSync(tls.key, "utf8") },
    fetch(request, self) {
      count++;
      const upstream = new WebSocket(wsUrl, { headers: { host: request.headers.get("host")! } } as never);
      return self.upgrade(request, { data: { upstream, waiting: [] } }) ? undefined : new Response("no");
    },
    websocket: {
      open(socket) {
        socket.data.upstream.onmessage = ({ data }) => void socket.send(String(data));
        socket.data.upstream.onclose = () => socket.close();
        socket.data.upstream.onopen = () => {
          for (const frame of socket.data.waiting.splice(0)) socket.data.upstream.send(frame);
        };
      },
      message(socket, frame) {
        if (socket.data.upstream.readyState === WebSocket.OPEN) socket.data.upstream.send(frame);
        else socket.data.waiting.push(String(frame));
      },
      close: (socket) => socket.data.upstream.close(),
    },
  });
  return {
    port: server.port!,
    requests: () => count,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
