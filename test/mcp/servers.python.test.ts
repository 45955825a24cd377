/** A server in Python, with the SDK of that language: through the protocol, and through a run whose model calls it. */
import { expect } from "bun:test";
import { join } from "node:path";
import { testApp } from "../support/app.ts";
import { conversation, MAIN } from "../support/conversation.ts";
import { calls, results, turns } from "../support/delegation.ts";
import { pythonTest } from "../support/mcp/python.ts";
import { refusalOf } from "../support/tool-call.ts";

const script = join(import.meta.dir, "../support/mcp/python-server.py");
const serversOf = (python: string) => ({
  python: { command: python, args: [script], tools: { allow: ["*"] }, timeout_ms: 60_000 },
});

pythonTest("a server in Python works confined, in an environment of its own", async (python) => {
  await using app = await testApp({ config: { mcp: { servers: serversOf(python) } } });
  const call = (tool: string, args = {}) => app.client.call("mcp.call", { server: "python", tool, arguments: args });
  expect(await call("add", { a: 20, b: 22 })).toMatchObject({ content: [{ text: "42" }], isError: false });
  expect(await call("slow")).toMatchObject({ content: [{ text: "done" }], isError: false });
  expect(await call("passwd")).toMatchObject({ isError: true });
  expect(await call("home")).toMatchObject({ content: [{ text: "nothing" }], isError: false });
  expect(await call("add", { a: "many" })).toMatchObject({ isError: true });
  expect(await app.client.call("mcp.resources", { server: "python", uri: "note://x" })).toMatchObject({
    contents: [{ text: "note x" }],
  });
  expect(
    await app.client.call("mcp.prompts", { server: "python", name: "greet", arguments: { name: "Ada" } }),
  ).toMatchObject({ messages: [{ content: { text: "Say hello to Ada" } }] });
  expect(await refusalOf(app.client.call("mcp.call", { server: "python", tool: "none", arguments: {} }))).toStartWith(
    "not_found: ",
  );
});

pythonTest("a server in Python is called by the model, and what it says is from outside", async (python) => {
  await using t = await conversation({ config: { mcp: { servers: serversOf(python) } } });
  const asked: string[] = [];
  await t.client.subscribe("approval.requested", ({ data }) => {
    const { approval_id, tool } = data as { approval_id: string; tool: string };
    asked.push(tool);
    void t.client.call("approvals.resolve", { approval_id, decision: "once" });
  });
  await t.client.call("mcp.start", { name: "python" });
  turns(t, {
    go: [
      calls({ name: "mcp__python__add", args: { a: 20, b: 22 } }, { name: "mcp__python__passwd", args: {} }),
      "It is 42",
    ],
  });
  const { text } = await t.client.call("session.send", { message: "go", session_key: MAIN });
  expect(text).toBe("It is 42");
  // The first answer is from outside, so the second call asks, though the owner's table allows it.
  expect(asked).toEqual(["mcp__python__passwd"]);
  const [sum, passwd] = results(t.fake.requests.at(-1)!);
  expect(sum).toMatch(/^\[Content from outside, got by mcp__python__add,[^\n]*\n42\n/);
  expect(passwd).toMatch(/^Error: \[Content from outside, got by mcp__python__passwd,/);
  expect(passwd).not.toContain("root:");
});
