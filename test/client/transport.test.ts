import { expect, test } from "bun:test";
import { openWebSocket } from "../../src/client/transport.ts";
import { request } from "../support/frames.ts";
import { TOKEN, testGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

test("openWebSocket keeps what comes before anyone listens", async () => {
  await using server = await testGateway();
  const transport = await openWebSocket(`${server.url.replace("http", "ws")}/ws`);
  transport.send(JSON.stringify(request("connect", { auth: { token: TOKEN } }, 1)));
  await until(() => server.metrics.requests.length === 1);
  await new Promise((resolve) => setImmediate(resolve));
  const frames: { method?: string; id?: number }[] = [];
  transport.onFrame = (frame) => void frames.push(JSON.parse(frame));
  await until(() => frames.length === 2);
  expect(frames.map(({ method, id }) => method ?? id)).toEqual(["event", 1]);
  transport.close();
  expect(await transport.closed).toEqual({ code: expect.any(Number), reason: expect.any(String) });
});

test("openWebSocket rejects where nobody listens, and where a server says no", async () => {
  await using server = await testGateway();
  await expect(openWebSocket("ws://127.0.0.1:9/ws")).rejects.toThrow("No connection to ws://127.0.0.1:9/ws");
  await expect(openWebSocket(`${server.url.replace("http", "ws")}/nothing`)).rejects.toThrow("No connection to");
});

test("openWebSocket tells why the other side closed", async () => {
  await using server = await testGateway();
  const transport = await openWebSocket(`${server.url.replace("http", "ws")}/ws`);
  transport.send(JSON.stringify(request("connect", { auth: { token: "wrong" } }, 1)));
  expect(await transport.closed).toEqual({ code: 4401, reason: "authentication failed" });
});
