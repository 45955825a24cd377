import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { createNodes } from "../../../src/panel/state/nodes.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";
import { until } from "../../support/until.ts";

const ANSWER = { ok: true, result: "linux", outcome: "done" };

function server() {
  const asked: unknown[] = [];
  const world: { trouble?: AlephError } = {};
  const call = (async (method: string, params: object) => {
    asked.push([method, params]);
    if (world.trouble) throw world.trouble;
    const answers: Record<string, unknown> = {
      "node.list": { nodes: [{ node_id: "n" }] },
      "node.get": { node_id: "n", calls: [{ call_id: "c" }] },
      "node.invoke": ANSWER,
      "node.revoke": { node_id: "n" },
    };
    return answers[method];
  }) as unknown as Call;
  return { nodes: createNodes({ call, now: () => 7 }), world, takeAsked: () => asked.splice(0) };
}

const event = (topic: string) => ({ topic, seq: 1, ts: 1, data: {} }) as unknown as EventFrame;

test("createNodes says when it was told, and remembers what a node answered", async () => {
  const { nodes, takeAsked } = server();
  await nodes.load();
  expect([nodes.list.value, nodes.takenAt.value]).toEqual([[{ node_id: "n" }] as never, 7]);
  await nodes.test("n");
  expect(nodes.answers.value).toEqual({ n: { answer: ANSWER as never, at: 7 } });
  expect(await nodes.calls("n")).toEqual([{ call_id: "c" }] as never);
  expect(takeAsked().slice(1)).toEqual([
    ["node.invoke", { node: "n", command: "system.info", args: {} }],
    ["node.get", { node: "n" }],
  ]);
});

test("createNodes reads the list after one was revoked, and hands on a refusal", async () => {
  const { nodes, world, takeAsked } = server();
  await nodes.revoke("n");
  expect(takeAsked()).toEqual([
    ["node.revoke", { node: "n" }],
    ["node.list", {}],
  ]);
  world.trouble = new AlephError("approval_denied", "No");
  await expect(nodes.test("n")).rejects.toMatchObject({ reason: "approval_denied" });
  expect(nodes.answers.value).toEqual({});
});

test("createNodes reads anew when a node comes or goes or was let in, not for each piece of output", async () => {
  const { nodes, takeAsked } = server();
  await nodes.load();
  takeAsked();
  nodes.handle?.(event("node.output"));
  expect(takeAsked()).toEqual([]);
  for (const topic of ["node.connected", "node.disconnected", "node.call_ended", "auth.pairing_resolved"]) {
    nodes.handle?.(event(topic));
    await until(() => takeAsked().length === 1);
  }
});
