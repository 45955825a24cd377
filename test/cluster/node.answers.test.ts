/** What a node answers when the center would not take all of it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestApp, testApp } from "../support/app.ts";
import { joinNode, type TestNode } from "../support/node.ts";

const SLOW = 60_000;
const MOST = 128 * 1024;

let app: TestApp;
let node: TestNode;
beforeAll(async () => {
  app = await testApp({ config: { gateway: { max_payload: MOST } } });
  node = await joinNode(app.client, { port: Number(new URL(app.url).port), name: "loud" });
}, SLOW);
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await app[Symbol.asyncDispose]();
});

test(
  "a node tells how a call ended whose answer is more than the center takes, and keeps its line",
  async () => {
    writeFileSync(join(node.workspace, "big"), "x".repeat(2 * MOST));
    const read = (limit: number) =>
      app.client.call("node.invoke", { node: "loud", command: "file.read", args: { path: "big", limit } });
    expect(await read(2 * MOST)).toEqual({
      ok: true,
      outcome: "done",
      result: expect.stringContaining(`[gateway].max_payload of the center is ${MOST}`),
    });
    expect((await read(1000)).result).toBe("x".repeat(1000));
    expect(node.states.map(({ kind }) => kind)).toEqual(["waiting", "connected"]);
  },
  SLOW,
);
