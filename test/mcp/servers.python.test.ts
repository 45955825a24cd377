/**
 * A server in Python, with the SDK of that language. Needs an interpreter that has the package `mcp`, named by ALEPH_MCP_PYTHON:
 *
 *     python3 -m venv /tmp/venv && /tmp/venv/bin/pip install mcp
 *     ALEPH_MCP_PYTHON=/tmp/venv/bin/python bun test test/mcp/servers.python.test.ts
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { testApp } from "../support/app.ts";

const python = process.env.ALEPH_MCP_PYTHON;
const script = join(import.meta.dir, "../support/mcp/python-server.py");

test.skipIf(python === undefined)("a server in Python works confined, in an environment of its own", async () => {
  const table = { command: python!, args: [script], tools: { allow: ["*"] } };
  await using app = await testApp({ config: { mcp: { servers: { python: table } } } });
  const call = (tool: string, args = {}) => app.client.call("mcp.call", { server: "python", tool, arguments: args });
  expect(await call("add", { a: 20, b: 22 })).toMatchObject({ content: [{ text: "42" }], isError: false });
  expect(await call("slow")).toMatchObject({ content: [{ text: "done" }], isError: false });
  expect(await call("passwd")).toMatchObject({ isError: true });
  expect(await app.client.call("mcp.resources", { server: "python", uri: "note://x" })).toMatchObject({
    contents: [{ text: "note x" }],
  });
  expect(
    await app.client.call("mcp.prompts", { server: "python", name: "greet", arguments: { name: "Ada" } }),
  ).toMatchObject({ messages: [{ content: { text: "Say hello to Ada" } }] });
});
