/** MCP in the compiled executable: real servers as confined programs, the executable itself as one, and our tools for another agent. */
import { expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executablePath, runExecutable, startServer, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { everythingServer, filesystemServer, oddServer } from "../support/mcp/servers.ts";
import { openRawSocket } from "../support/raw-socket.ts";

const table = (
  name: string,
  { command, args, env }: { command?: string; args?: string[]; env?: Record<string, string> },
) =>
  [
    `[mcp.servers.${name}]`,
    `command = ${JSON.stringify(command)}`,
    `args = ${JSON.stringify(args)}`,
    ...(env ? [`env = { ${Object.entries(env).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)} }`] : []),
    `[mcp.servers.${name}.tools]`,
    'allow = ["*"]',
    "",
  ].join("\n");

testExecutable(
  "the executable drives real servers, and runs one in JavaScript as the runtime that it carries",
  async () => {
    await using home = await testFolder();
    await using folder = await testFolder();
    writeFileSync(join(folder.path, "a.txt"), "hello");
    const toml = [
      table("everything", everythingServer() as object),
      table("files", filesystemServer(folder.path) as object),
      table("own", { ...(oddServer("good") as object), command: executablePath(), env: { BUN_BE_BUN: "1" } }),
    ].join("\n");
    writeFileSync(join(home.path, "config.toml"), toml, { mode: 0o600 });
    await using server = await startServer({ home: home.path });
    using socket = await openRawSocket(server.url, server.token);
    const { servers } = await socket.call<{ servers: { name: string; status: string; sandbox: string }[] }>(
      "mcp.list",
      {},
    );
    expect(servers.map(({ name, status }) => [name, status])).toEqual([
      ["everything", "running"],
      ["files", "running"],
      ["own", "running"],
    ]);
    const call = (name: string, tool: string, args: object) =>
      socket.call("mcp.call", { server: name, tool, arguments: args });
    expect(await call("everything", "get-sum", { a: 20, b: 22 })).toEqual({
      content: [{ type: "text", text: "The sum of 20 and 22 is 42." }],
    });
    await call("files", "write_file", { path: join(folder.path, "b.txt"), content: "written" });
    expect(readFileSync(join(folder.path, "b.txt"), "utf8")).toBe("written");
    expect(await call("own", "echo", { message: "from inside" })).toEqual({
      content: [{ type: "text", text: "from inside" }],
    });
  },
  60_000,
);

testExecutable(
  "aleph mcp serve gives the tools of the running server to another agent",
  async () => {
    await using home = await testFolder();
    await using _server = await startServer({ home: home.path });
    const message = (value: object) => `${JSON.stringify({ jsonrpc: "2.0", ...value })}\n`;
    const stdin = [
      message({
        id: 0,
        method: "initialize",
        params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } },
      }),
      message({ method: "notifications/initialized" }),
      message({ id: 1, method: "tools/call", params: { name: "time", arguments: {} } }),
    ].join("");
    const { code, stdout } = await runExecutable({ home: home.path, args: ["mcp", "serve"], stdin });
    const answers = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect([code, answers]).toEqual([
      0,
      [
        expect.objectContaining({ id: 0 }),
        { jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: expect.any(String) }], isError: false } },
      ],
    ]);
  },
  60_000,
);
