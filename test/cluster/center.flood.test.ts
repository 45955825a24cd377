/** A node that is no longer its owner's: what it can make the center keep and show. */
import { expect, test } from "bun:test";
import { MAX_OUTPUT } from "../../src/protocol/node.ts";
import { collectEvents, testApp } from "../support/app.ts";
import { connectDevice, testDevice } from "../support/device.ts";
import { type Frame, type Frames, request } from "../support/frames.ts";
import { until } from "../support/until.ts";

const HELLO = {
  name: "bad",
  tags: [],
  commands: ["system.info"],
  platform: "linux",
  arch: "x64",
  version: "1",
  boot_id: "boot_12345678",
};
const VERDICT = { tier: "allow", reason: "Tells", plan: {}, digest: "0".repeat(64) };

/** What the center asks next of this kind. */
async function asked(socket: Frames, method: string): Promise<Frame> {
  return until(() => socket.received.find((frame) => frame.method === method));
}

test("a node shows no more output of a call than one may have", async () => {
  await using app = await testApp();
  const { code } = await app.client.call("auth.pairing.invite", { role: "node" });
  const { socket } = await connectDevice(app.url, await testDevice(), {
    role: "node",
    clientId: "bad",
    pairingCode: code,
  });
  await socket.ask(request("node.attach", HELLO, "hello"));
  const events = await collectEvents(app.client, "node.*");
  const calling = app.client.call("node.invoke", { node: "bad", command: "system.info" });
  const answer = async (method: string, result: object) => {
    const { id } = await asked(socket, method);
    socket.send(JSON.stringify({ jsonrpc: "2.0", id, result }));
  };
  await answer("node.judge", VERDICT);
  const { params } = (await asked(socket, "node.call")) as unknown as { params: { call_id: string } };
  const content = "x".repeat(60_000);
  for (let piece = 0; piece < 40; piece++) {
    socket.send(JSON.stringify(request("node.output", { call_id: params.call_id, content })));
  }
  await answer("node.call", { ok: true, text: "done" });
  expect(await calling).toMatchObject({ outcome: "done" });
  await events.until(({ topic }) => topic === "node.call_ended");
  const shown = events.events
    .filter(({ topic }) => topic === "node.output")
    .map(({ data }) => (data as { content: string }).content.length);
  expect(shown.reduce((sum, length) => sum + length, 0)).toBe(MAX_OUTPUT);
  socket[Symbol.dispose]();
});
