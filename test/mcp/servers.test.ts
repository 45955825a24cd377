import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { McpServerTable } from "../../src/config/schema.ts";
import { collectEvents, testApp } from "../support/app.ts";
import { testFolder } from "../support/folder.ts";
import { everythingServer, filesystemServer, oddServer } from "../support/mcp/servers.ts";
import { refusalOf } from "../support/tool-call.ts";
import { until } from "../support/until.ts";

function appWith(servers: Readonly<Record<string, McpServerTable>>, env: Readonly<Record<string, string>> = {}) {
  return testApp({ config: { mcp: { servers } }, env });
}

const text = (value: string) => ({ content: [{ type: "text", text: value }] });

describe("McpServers with @modelcontextprotocol/server-everything", () => {
  test("offers its tools to the agent and calls them, with arguments, pictures, resources and prompts", async () => {
    await using app = await appWith({ everything: everythingServer() });
    const { client } = app;
    const { servers } = await client.call("mcp.list", {});
    expect(servers[0]).toMatchObject({
      name: "everything",
      status: "running",
      transport: "stdio",
      configured: true,
      about: { name: "mcp-servers/everything" },
      approved_by: null,
      pending: null,
    });
    const { tools } = await client.call("tool.list", {});
    expect(tools.filter(({ name }) => name.startsWith("mcp__everything__")).map(({ name }) => name)).toContain(
      "mcp__everything__get-sum",
    );
    expect(
      await client.call("mcp.call", { server: "everything", tool: "get-sum", arguments: { a: 20, b: 22 } }),
    ).toEqual(text("The sum of 20 and 22 is 42."));
    const picture = await client.call("tool.call", { tool: "mcp__everything__get-tiny-image" });
    expect(picture).toMatchObject({ ok: true, media: [{ type: "media", mime: "image/png" }] });
    const { resources } = await client.call("mcp.resources", { server: "everything" });
    const [first] = resources!;
    expect(await client.call("mcp.resources", { server: "everything", uri: String(first!.uri) })).toMatchObject({
      contents: [{ uri: first!.uri }],
    });
    expect(
      await client.call("mcp.prompts", { server: "everything", name: "args-prompt", arguments: { city: "Berlin" } }),
    ).toMatchObject({ messages: [{ role: "user", content: { type: "text" } }] });
  });

  test("refuses arguments that its schema does not allow, before it hears of them", async () => {
    await using app = await appWith({ everything: everythingServer() });
    const result = await app.client.call("mcp.call", { server: "everything", tool: "get-sum", arguments: { a: "x" } });
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('"b": is missing') }] });
  });

  test("sees nothing of the server's environment but what its table gives it, with references resolved", async () => {
    const table = everythingServer({ env: { API_KEY: "env:OUTER_KEY" } });
    await using app = await appWith({ everything: table }, { OUTER_KEY: "sk-outer-canary", OTHER: "canary" });
    const { content } = await app.client.call("mcp.call", { server: "everything", tool: "get-env" });
    const seen = JSON.parse((content as { text: string }[])[0]!.text) as Record<string, string>;
    expect(Object.keys(seen).filter((name) => !/^(?:API_KEY|PATH|HOME|TMPDIR|LANG|PWD)$/.test(name))).toEqual([]);
    // What comes back is masked because it is the secret.
    expect(seen.API_KEY).toBe("[masked]");
    expect(JSON.stringify(await app.client.call("config.get", {}))).not.toContain("canary");
  });
});

describe("McpServers with @modelcontextprotocol/server-filesystem", () => {
  test("works in the folder that its arguments name", async () => {
    await using folder = await testFolder();
    writeFileSync(join(folder.path, "a.txt"), "hello");
    await using app = await appWith({ files: filesystemServer(folder.path) });
    const call = (tool: string, args: Record<string, unknown>) =>
      app.client.call("mcp.call", { server: "files", tool, arguments: args });
    expect(await call("read_text_file", { path: join(folder.path, "a.txt") })).toMatchObject(text("hello"));
    await call("write_file", { path: join(folder.path, "b.txt"), content: "written" });
    expect(readFileSync(join(folder.path, "b.txt"), "utf8")).toBe("written");
    expect(await call("read_text_file", { path: "/etc/passwd" })).toMatchObject({ isError: true });
  });

  test("cannot write where its table grants reading alone, whatever the program itself allows", async () => {
    await using folder = await testFolder();
    const table = filesystemServer(folder.path, { read: [folder.path, join(import.meta.dir, "../..")], write: [] });
    await using app = await appWith({ files: table });
    const result = await app.client.call("mcp.call", {
      server: "files",
      tool: "write_file",
      arguments: { path: join(folder.path, "b.txt"), content: "written" },
    });
    expect(result).toMatchObject({ isError: true });
    expect(await Bun.file(join(folder.path, "b.txt")).exists()).toBe(false);
  });
});

describe("McpServers", () => {
  test("start nothing before somebody asks", async () => {
    await using app = await appWith({ odd: oddServer("good") });
    const { events } = await collectEvents(app.client, "mcp.*");
    await app.client.call("system.status", {});
    expect(events).toEqual([]);
    await app.client.call("mcp.list", {});
    expect(events.map(({ data }) => data)).toEqual([
      { name: "odd", status: "starting" },
      { name: "odd", status: "running" },
    ]);
  });

  test("ask before each call unless the owner said otherwise; that the server calls itself harmless changes nothing", async () => {
    await using app = await appWith({ odd: oddServer("good", { tools: { deny: ["crash"] } }) });
    const { client } = app;
    const { servers } = await client.call("mcp.list", {});
    expect(servers[0]!.tools.find(({ name }) => name === "echo")).toMatchObject({ tier: "ask" });
    expect(servers[0]!.tools.find(({ name }) => name === "crash")).toMatchObject({ tier: "deny" });
    const wanted = { server: "odd", tool: "echo", arguments: { message: "hi" } };
    const answered = async (decision: "once" | "deny") => {
      const call = refusalOf(client.call("mcp.call", wanted));
      const { approvals } = await until(async () => {
        const found = await client.call("approvals.list", { status: "pending" });
        return found.approvals.length > 0 && found;
      });
      await client.call("approvals.resolve", { approval_id: approvals[0]!.approval_id, decision });
      return [approvals[0]!.plan, await call];
    };
    expect(await answered("once")).toEqual([{ server: "odd", tool: "echo", arguments: { message: "hi" } }, undefined]);
    expect(await answered("deny")).toEqual([expect.anything(), expect.stringContaining("approval_denied")]);
    expect(await refusalOf(client.call("mcp.call", { server: "odd", tool: "crash" }))).toBe(
      'forbidden: Tool "crash" of MCP server "odd" is denied in config.toml',
    );
    const { tools } = await client.call("tool.list", {});
    expect(tools.map(({ name }) => name)).not.toContain("mcp__odd__crash");
  });

  test("show what a description hides", async () => {
    await using app = await appWith({ odd: oddServer("good") });
    const { tools } = await app.client.call("tool.list", {});
    expect(tools.find(({ name }) => name === "mcp__odd__hidden")!.description).toBe(
      "Looks harmless\\u{202e}\\u{200b}\\x1b[2J\\u{e0041}",
    );
  });

  test("are started and stopped by name; one that mcp.start made is gone when it is stopped", async () => {
    await using app = await appWith({ odd: oddServer("good") });
    const { client } = app;
    expect(await client.call("mcp.stop", { name: "odd" })).toMatchObject({ status: "stopped", tools: [] });
    expect(await refusalOf(client.call("mcp.call", { server: "odd", tool: "echo" }))).toContain("is stopped");
    expect(await client.call("mcp.start", { name: "odd" })).toMatchObject({ status: "running" });
    const { command, args } = oddServer("good");
    const made = await client.call("mcp.start", { name: "made", command: command!, args: args! });
    expect(made).toMatchObject({ name: "made", status: "running", configured: false });
    expect(await refusalOf(client.call("mcp.start", { name: "made", command: command! }))).toBe(
      'conflict: There is an MCP server "made" already',
    );
    await client.call("mcp.stop", { name: "made" });
    expect((await client.call("mcp.list", {})).servers.map(({ name }) => name)).toEqual(["odd"]);
    expect(await refusalOf(client.call("mcp.start", { name: "made" }))).toContain("not_found");
    expect(await refusalOf(client.call("mcp.start", { name: "../x", command: "x" }))).toContain("invalid_params");
    expect(await refusalOf(client.call("mcp.start", { name: "x", command: "no-such-program" }))).toContain("not_found");
  });

  test("follow config.toml", async () => {
    await using app = await testApp();
    const { client } = app;
    const { command, args } = oddServer("good");
    await client.call("config.patch", { patch: { mcp: { servers: { odd: { command, args } } } } });
    expect((await client.call("mcp.list", {})).servers).toMatchObject([{ name: "odd", status: "running" }]);
    await client.call("config.patch", { patch: { mcp: { servers: { odd: { enabled: false } } } } });
    expect((await client.call("mcp.list", {})).servers).toMatchObject([{ name: "odd", status: "disabled", tools: [] }]);
    await client.call("config.patch", { patch: { mcp: { servers: { odd: null } } } });
    expect((await client.call("mcp.list", {})).servers).toEqual([]);
    expect(
      await refusalOf(client.call("config.patch", { patch: { mcp: { servers: { x: { allow_unsandboxed: true } } } } })),
    ).toContain("config_invalid");
  });

  test("tell of progress, and hear of a call that was cancelled", async () => {
    await using app = await appWith({ odd: oddServer("good") });
    const { client } = app;
    expect(await client.call("mcp.call", { server: "odd", tool: "progress" })).toEqual(text("done"));
    const other = await app.connect();
    const call = refusalOf(other.call("mcp.call", { server: "odd", tool: "never" }));
    const said = (start: string) => until(() => app.logs.some(({ fields }) => String(fields?.text).startsWith(start)));
    await said("never answers");
    other[Symbol.dispose]();
    await call;
    await said("cancelled ");
  });
});
