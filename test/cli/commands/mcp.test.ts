import { describe, expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";
import { oddServer } from "../../support/mcp/servers.ts";

const message = (value: object) => `${JSON.stringify({ jsonrpc: "2.0", ...value })}\n`;
const INITIALIZE = message({
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } },
});
const INITIALIZED = message({ method: "notifications/initialized" });

describe("aleph mcp serve", () => {
  test("is an MCP server on standard streams, for the server that runs", async () => {
    await using app = await testApp();
    const stdin = [
      INITIALIZE,
      INITIALIZED,
      message({ id: 1, method: "tools/list" }),
      message({ id: 2, method: "tools/call", params: { name: "time", arguments: {} } }),
      "no message\n",
    ].join("");
    const { code, stdout, stderr } = await runCli(["mcp", "serve"], { home: app.home.path, stdin });
    const answers = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { id: number | null; result?: Record<string, unknown>; error?: object });
    const answer = (id: number | null) => answers.find((found) => found.id === id);
    expect([code, stderr]).toEqual([0, ""]);
    expect(answer(0)!.result).toMatchObject({ serverInfo: { name: "aleph" }, capabilities: { tools: {} } });
    expect(answer(1)!.result!.tools).toBeArray();
    expect(answer(2)!.result).toMatchObject({ isError: false });
    expect(answer(null)).toMatchObject({ error: { code: -32700 } });
  });

  test("says what is missing when no server runs, and answers when it is not let in", async () => {
    await using folder = await testFolder();
    const none = await runCli(["mcp", "serve"], { home: folder.path, stdin: "" });
    expect([none.code, none.stderr]).toEqual([69, expect.stringContaining("No server is running")]);
    await using app = await testApp();
    const env = { ALEPH_URL: app.url, ALEPH_TOKEN: "wrong" };
    const refused = await runCli(["mcp", "serve"], { home: folder.path, env, stdin: INITIALIZE });
    expect(JSON.parse(refused.stdout)).toMatchObject({
      id: 0,
      error: { message: `${app.url}/mcp did not take the token` },
    });
  });
});

describe("aleph mcp", () => {
  test("lists servers and their tools, stops and starts them", async () => {
    await using app = await testApp({ config: { mcp: { servers: { odd: oddServer("good") } } } });
    const run = (...args: string[]) => runCli(["mcp", ...args], { home: app.home.path });
    const listed = await run();
    expect(listed.stdout.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["SERVER", "STATUS", "BY", "SANDBOX", "TOOLS", "ERROR"],
      ["odd", "running", "stdio", expect.any(String), "12"],
      [""],
    ]);
    const tools = await run("tools", "odd");
    expect(tools.stdout).toMatch(/mcp__odd__echo +allow +Does echo/);
    expect((await run("stop", "odd")).stderr).toBe("odd is stopped\n");
    expect((await run("start", "odd")).stderr).toBe("odd is running\n");
    expect(await run("tools", "none")).toMatchObject({ code: 2, stderr: expect.stringContaining("There are: odd") });
  });

  test("says why a server has no tools, and what to do", async () => {
    await using app = await testApp({ config: { mcp: { servers: { odd: oddServer("exits") } } } });
    const { code, stdout, stderr } = await runCli(["mcp", "tools", "odd"], { home: app.home.path });
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(
      /^odd is \w+ and has no tools: MCP server "odd" ended: .+\nStart it: aleph mcp start odd\n$/,
    );
  });

  test("shows what a held server changed, and approves it", async () => {
    await using app = await testApp({ config: { mcp: { servers: { odd: oddServer("rug-silent") } } } });
    const call = () => app.client.call("mcp.call", { server: "odd", tool: "echo" }).catch(() => undefined);
    for (let at = 1; at <= 11; at++) await call();
    const run = (...args: string[]) => runCli(["mcp", ...args], { home: app.home.path });
    expect((await run("list")).stderr).toBe("odd changed its tools and is held. Look at it: aleph mcp approve odd\n");
    const asked = await run("approve", "odd");
    expect(asked).toEqual({
      code: 2,
      stdout: "",
      stderr: [
        "echo: changed",
        "  - Does echo",
        "  + Does echo.",
        "Error: There is no terminal to ask at",
        "Add --yes to approve what is shown",
        "",
      ].join("\n"),
    });
    expect((await run("approve", "odd", "--yes")).stderr).toEndWith("odd is idle\n");
    expect((await run("approve", "odd")).stderr).toBe("odd does not wait for an approval\n");
  });
});
