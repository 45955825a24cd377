/** What the numbers are compared with: `Bun.serve` and Hono, a health route and a WebSocket that echoes. Argument: port. */
import { Hono } from "hono";

const http = new Hono().get("/health", (context) => context.text("OK"));

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  development: false,
  fetch(request, server) {
    if (new URL(request.url).pathname === "/ws" && server.upgrade(request)) return undefined;
    return http.fetch(request);
  },
  websocket: {
    message(socket, frame) {
      socket.send(frame);
    },
  },
});
