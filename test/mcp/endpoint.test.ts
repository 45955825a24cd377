import { describe, expect, test } from "bun:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { type TestApp, testApp } from "../support/app.ts";
import { oddServer } from "../support/mcp/servers.ts";
import { rawHttp } from "../support/raw-http.ts";
import { writeSkill } from "../support/skills.ts";
import { until } from "../support/until.ts";

async function openClient({ url, token }: Pick<TestApp, "url" | "token">) {
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${token}` } },
  });
  const client = new Client({ name: "another agent", version: "1" });
  await client.connect(transport as Transport);
  return {
    client,
    transport,
    text: async (name: string, args: Record<string, unknown> = {}, options = {}) => {
      const { content, isError } = (await client.callTool(
        { name, arguments: args },
        undefined,
        options,
      )) as CallToolResult;
      return { text: content.map((block) => (block.type === "text" ? block.text : block.type)).join(), isError };
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

const pending = (app: TestApp) =>
  until(async () => {
    const { approvals } = await app.client.call("approvals.list", { status: "pending" });
    return approvals[0];
  });

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } },
};
const JSON_HEADERS = { "content-type": "application/json", accept: "application/json, text/event-stream" };

describe("/mcp", () => {
  test("offers our tools, each with what is known of it", async () => {
    await using app = await testApp();
    await using agent = await openClient(app);
    expect(agent.client.getServerVersion()).toMatchObject({ name: "aleph" });
    const { tools } = await agent.client.listTools();
    const own = await app.client.call("tool.list", {});
    const names = tools.map(({ name }) => name);
    expect(own.tools.map(({ name }) => name).filter((name) => names.includes(name))).toEqual(names);
    const hints = (name: string) => tools.find((tool) => tool.name === name)!.annotations;
    expect(hints("read")).toMatchObject({ readOnlyHint: true, destructiveHint: false });
    expect(hints("write")).toMatchObject({ readOnlyHint: false, destructiveHint: true });
    expect(await agent.text("time")).toEqual({ text: expect.stringContaining("UTC"), isError: false });
    expect(await agent.text("none")).toEqual({ text: 'There is no tool "none"', isError: true });
  });

  test("offers the skills that are in use as prompts, and no other", async () => {
    await using app = await testApp();
    writeSkill(app.home.skills, "forms", { text: "Fill them in." });
    writeSkill(app.home.skills, "off");
    await app.client.call("skills.deactivate", { name: "off" });
    await using agent = await openClient(app);
    const task = { name: "task", description: "what it is to be used for", required: false };
    expect((await agent.client.listPrompts()).prompts).toEqual([
      { name: "forms", description: "How to do forms", arguments: [task] },
    ]);
    const textOf = async (name: string, given?: Record<string, string>) => {
      const { messages } = await agent.client.getPrompt({ name, ...(given ? { arguments: given } : {}) });
      return messages.map(({ role, content }) => [role, content.type === "text" ? content.text : content.type]);
    };
    expect(await textOf("forms")).toEqual([["user", "Fill them in."]]);
    expect(await textOf("forms", { task: "The tax form" })).toEqual([["user", "Fill them in.\n\nThe tax form"]]);
    const refused = (name: string) => textOf(name).catch(({ message }: Error) => message);
    expect([await refused("off"), await refused("none")]).toEqual([
      expect.stringContaining('Skill "off" is switched off'),
      expect.stringContaining('No skill "none"'),
    ]);
  });

  test("lets a call wait for a person, as in a run", async () => {
    await using app = await testApp();
    await using agent = await openClient(app);
    const call = agent.text("exec", { command: "python3 -c 'print(6*7)'" });
    const { approval_id, tool } = await pending(app);
    expect(tool).toBe("exec");
    await app.client.call("approvals.resolve", { approval_id, decision: "deny" });
    expect(await call).toEqual({ text: expect.stringContaining("refused"), isError: true });
  });

  test("gives up a question when the call is cancelled", async () => {
    await using app = await testApp();
    await using agent = await openClient(app);
    const cancel = new AbortController();
    const call = agent.text("exec", { command: "python3 -c 'print(6*7)'" }, { signal: cancel.signal });
    const { approval_id } = await pending(app);
    cancel.abort("enough");
    await expect(call).rejects.toThrow();
    await until(async () => {
      const { status } = await app.client.call("approvals.get", { approval_id });
      return status === "cancelled";
    });
  });

  test("ends what a token has open when it is revoked: its stream, and a call that waits for a person", async () => {
    await using app = await testApp();
    const scopes = ["read", "chat", "write"] as const;
    const bad = await app.client.call("auth.tokens.create", { name: "bad", scopes: [...scopes] });
    const other = await app.client.call("auth.tokens.create", { name: "other", scopes: [...scopes] });
    await using agent = await openClient({ url: app.url, token: bad.token });
    await using bystander = await openClient({ url: app.url, token: other.token });
    const authorization = `Bearer ${bad.token}`;
    const begun = await fetch(`${app.url}/mcp`, {
      method: "POST",
      headers: { ...JSON_HEADERS, authorization },
      body: JSON.stringify(INITIALIZE),
    });
    const id = begun.headers.get("mcp-session-id")!;
    // Nothing comes over it, not even its headers, before there is something to say.
    const stream = fetch(`${app.url}/mcp`, {
      headers: { accept: "text/event-stream", authorization, "mcp-session-id": id },
    }).then((answer) => answer.text());
    const call = agent.text("exec", { command: "python3 -c 'print(6*7)'" });
    call.catch(() => "its stream ends");
    const { approval_id } = await pending(app);
    await app.client.call("auth.tokens.revoke", { token_id: bad.token_id });
    await until(async () => (await app.client.call("approvals.get", { approval_id })).status === "cancelled");
    expect(await stream).toBe("");
    expect((await bystander.client.listTools()).tools.length).toBeGreaterThan(5);
  });

  test("passes on progress, also of tools that come from another server", async () => {
    await using app = await testApp({
      config: { mcp: { servers: { odd: oddServer("good") } } },
    });
    await using agent = await openClient(app);
    const seen: unknown[] = [];
    // What another agent has read is not known, so it asks although the owner lets it run.
    const call = agent.text("mcp__odd__progress", {}, { onprogress: (sign: unknown) => seen.push(sign) });
    await app.client.call("approvals.resolve", { approval_id: (await pending(app)).approval_id, decision: "once" });
    expect(await call).toEqual({ text: "done", isError: false });
    expect(seen).toEqual([
      { progress: 1, message: "step 1 (1/2)\n" },
      { progress: 2, message: "step 2 (2/2)\n" },
    ]);
  });

  test("passes on some of the progress of a server that shouts", async () => {
    await using app = await testApp({ config: { mcp: { servers: { odd: oddServer("good") } } } });
    await using agent = await openClient(app);
    let seen = 0;
    const call = agent.text("mcp__odd__shouts", {}, { onprogress: () => seen++ });
    await app.client.call("approvals.resolve", { approval_id: (await pending(app)).approval_id, decision: "once" });
    await call;
    expect(seen).toBeGreaterThan(5);
    expect(seen).toBeLessThan(100);
  });

  test("forgets a session that its client ends, and knows no other", async () => {
    await using app = await testApp();
    await using agent = await openClient(app);
    const id = agent.transport.sessionId!;
    const headers = { ...JSON_HEADERS, authorization: `Bearer ${app.token}` };
    const ask = (session: string) =>
      fetch(`${app.url}/mcp`, {
        method: "POST",
        headers: { ...headers, "mcp-session-id": session },
        body: JSON.stringify({ jsonrpc: "2.0", id: 2, method: "ping" }),
      });
    expect((await ask(id)).status).toBe(200);
    expect((await ask(crypto.randomUUID())).status).toBe(404);
    await agent.transport.terminateSession();
    expect((await ask(id)).status).toBe(404);
    const early = await fetch(`${app.url}/mcp`, {
      method: "POST",
      headers,
      body: JSON.stringify({ ...INITIALIZE, method: "ping" }),
    });
    expect(early.status).toBe(400);
  });

  test("asks for a token, and for a Host and an Origin that are known", async () => {
    await using app = await testApp();
    const body = JSON.stringify(INITIALIZE);
    const ask = (headers: Record<string, string>) =>
      fetch(`${app.url}/mcp`, { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ authorization: "Bearer wrong" })).status).toBe(401);
    const authorization = `Bearer ${app.token}`;
    expect((await ask({ authorization })).status).toBe(200);
    expect((await ask({ authorization, origin: "https://evil.example" })).status).toBe(403);
    expect((await ask({ authorization, "sec-fetch-site": "cross-site" })).status).toBe(403);
    const rebound = await rawHttp(app.url, {
      method: "POST",
      path: "/mcp",
      headers: ["Host: evil.example", `Authorization: ${authorization}`, "Content-Type: application/json"],
      body,
    });
    expect(rebound.status).toBe(403);
  });
});
