import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { createMcp, type ShownServer } from "../../../src/panel/state/mcp.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";
import { until } from "../../support/until.ts";

const held = {
  name: "files",
  status: "held",
  pending: { sha256: "f".repeat(64), changes: [] },
} as unknown as ShownServer;
const event = (status: string) =>
  ({ topic: "mcp.status", seq: 1, ts: 1, data: { name: "files", status } }) as unknown as EventFrame;

/** Answers as the server does, and remembers what was asked. */
function server() {
  const asked: unknown[] = [];
  const world: { servers: readonly ShownServer[]; trouble: AlephError | undefined } = {
    servers: [held],
    trouble: undefined,
  };
  const call = (async (method: string, params: object) => {
    asked.push([method, params]);
    if (method === "mcp.list") return { servers: world.servers };
    if (world.trouble) throw world.trouble;
    return method === "mcp.login" ? { authorization_url: "https://login.example/" } : held;
  }) as unknown as Call;
  return { world, mcp: createMcp(call), takeAsked: () => asked.splice(0) };
}

test("createMcp approves the descriptions that are shown, and reads the list after each act, also after one that failed", async () => {
  const { mcp, world, takeAsked } = server();
  await mcp.act(held, "approve");
  await mcp.act(held, "stop");
  world.trouble = new AlephError("mcp_error", "It ended");
  await expect(mcp.act(held, "start")).rejects.toMatchObject({ reason: "mcp_error" });
  const list = ["mcp.list", {}];
  expect(takeAsked()).toEqual([
    ["mcp.approve", { name: "files", sha256: "f".repeat(64) }],
    list,
    ["mcp.stop", { name: "files" }],
    list,
    ["mcp.start", { name: "files" }],
    list,
  ]);
});

test("createMcp is told of a server that is held before its page was opened, and of the rest afterwards", async () => {
  const { mcp, world, takeAsked } = server();
  mcp.handle(event("running"));
  expect([takeAsked(), mcp.waiting.value]).toEqual([[], 0]);
  mcp.handle(event("held"));
  await until(() => mcp.waiting.value === 1);
  world.servers = [];
  mcp.handle(event("stopped"));
  await until(() => mcp.list.value?.length === 0);
});

test("createMcp begins a login, and ends it with an address", async () => {
  const { mcp, takeAsked } = server();
  expect(await mcp.logIn("files")).toBe("https://login.example/");
  await mcp.finishLogIn("files", "http://127.0.0.1:1/callback?code=1");
  expect(takeAsked()).toEqual([
    ["mcp.login", { name: "files" }],
    ["mcp.login", { name: "files", callback: "http://127.0.0.1:1/callback?code=1" }],
    ["mcp.list", {}],
  ]);
});
