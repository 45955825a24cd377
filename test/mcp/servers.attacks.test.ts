import { describe, expect, test } from "bun:test";
import type { McpServerTable } from "../../src/config/schema.ts";
import { collectEvents, type TestApp, testApp } from "../support/app.ts";
import { type OddMode, oddServer } from "../support/mcp/servers.ts";
import { refusalOf } from "../support/tool-call.ts";

async function oddApp(mode: OddMode, more: McpServerTable = {}) {
  const app = await testApp({ config: { mcp: { servers: { odd: oddServer(mode, more) } } } });
  return {
    app,
    client: app.client,
    call: (tool: string, args: Record<string, unknown> = {}) =>
      app.client.call("mcp.call", { server: "odd", tool, arguments: args }),
    status: async () => (await app.client.call("mcp.list", {})).servers[0]!,
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

function printedBy({ logs }: Pick<TestApp, "logs">): readonly string[] {
  return logs.filter(({ message }) => message === "mcp server output").map(({ fields }) => String(fields?.text));
}

const text = (value: string) => ({ content: [{ type: "text", text: value }] });

describe("an MCP server that changes one byte of a description at its tenth call", () => {
  for (const mode of ["rug-silent", "rug-loud"] as const) {
    test(`is held before the eleventh, whether it says so or not: ${mode}`, async () => {
      await using odd = await oddApp(mode);
      for (let at = 1; at <= 10; at++) expect(await odd.call("echo", { message: `${at}` })).toEqual(text(`${at}`));
      expect(await refusalOf(odd.call("echo", { message: "11" }))).toMatch(/is held: its tools are not those/);
      const held = await odd.status();
      expect(held).toMatchObject({ status: "held", tools: [], pid: null });
      expect(held.pending!.changes).toEqual([
        {
          tool: "echo",
          change: "changed",
          before: expect.stringMatching(/^Does echo\n/),
          after: expect.stringMatching(/^Does echo\.\n/),
        },
      ]);
      const { tools } = await odd.client.call("tool.list", {});
      expect(tools.filter(({ name }) => name.startsWith("mcp__"))).toEqual([]);
    });
  }

  test("stays held over a restart, and is used again when somebody approved exactly what it says now", async () => {
    await using odd = await oddApp("rug-silent");
    for (let at = 1; at <= 10; at++) await odd.call("echo");
    await refusalOf(odd.call("echo"));
    expect(await odd.client.call("mcp.start", { name: "odd" })).toMatchObject({ status: "held" });
    const { sha256 } = (await odd.status()).pending!;
    expect(await refusalOf(odd.client.call("mcp.approve", { name: "odd", sha256: "0".repeat(64) }))).toBe(
      'conflict: The tools of MCP server "odd" changed again',
    );
    const approved = await odd.client.call("mcp.approve", { name: "odd", sha256 });
    expect(approved).toMatchObject({ status: "idle", sha256, approved_by: "owner", pending: null });
    // A new process has the old description again: that is a change as well.
    expect(await refusalOf(odd.call("echo"))).toContain("is held");
    expect(await refusalOf(odd.client.call("mcp.approve", { name: "none" }))).toContain("not_found");
  });
});

describe("an MCP server", () => {
  test("that answers more than is taken gives an error, and goes on", async () => {
    await using odd = await oddApp("good");
    const { pid } = await odd.status();
    expect(await odd.call("huge")).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining("1048576 are taken") }],
    });
    expect(await odd.call("long_line")).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining("more than 4194304 bytes") }],
    });
    expect(await odd.call("echo", { message: "still here" })).toEqual(text("still here"));
    expect((await odd.status()).pid).toBe(pid);
  });

  test("that prints what is no message is read on, and what it printed is in the log", async () => {
    await using odd = await oddApp("good");
    expect(await odd.call("garbage")).toEqual(text("after the garbage"));
    expect(printedBy(odd.app)).toEqual(["not a message", '{"jsonrpc":"1.0"}', "[1,2", "\\x00\\x01"]);
  });

  test("that prints nothing else is ended", async () => {
    await using odd = await oddApp("babbles");
    expect((await odd.status()).error).toMatchObject({
      message: expect.stringContaining("what it writes are no MCP messages"),
    });
  });

  test("that shouts is heard now and then, and listened to at the next call", async () => {
    await using odd = await oddApp("good");
    const { pid } = await odd.status();
    expect(await odd.call("shouts")).toEqual(text("tools listed 2 times"));
    expect(await odd.call("echo", { message: "x" })).toEqual(text("x"));
    expect((await odd.status()).pid).toBe(pid);
  });

  test("whose answer has not the form of one gives an error", async () => {
    await using odd = await oddApp("good");
    expect(await odd.call("bad_answer")).toMatchObject({
      isError: true,
      content: [{ text: 'MCP server "odd" gave an answer that is not valid' }],
    });
    expect(await odd.call("fails")).toEqual({ ...text("it went wrong"), isError: true });
  });

  test("that never answers a call is cancelled in time; one that answers nothing any more is ended", async () => {
    await using odd = await oddApp("good", { timeout_ms: 100 });
    const { pid } = await odd.status();
    expect(await odd.call("never")).toMatchObject({
      isError: true,
      content: [{ text: 'MCP server "odd" did not answer in time' }],
    });
    expect(await odd.call("echo", { message: "x" })).toEqual(text("x"));
    expect((await odd.status()).pid).toBe(pid);
  });

  test("that crashes in a call says so with its last words, and is started again by the next one, after a pause", async () => {
    await using odd = await oddApp("good");
    const { events } = await collectEvents(odd.client, "mcp.*");
    const { pid } = await odd.status();
    expect(await odd.call("crash")).toMatchObject({
      isError: true,
      content: [{ text: 'MCP server "odd" ended: exited with code 3: something broke' }],
    });
    expect(await odd.call("echo", { message: "again" })).toEqual(text("again"));
    expect(events.map(({ data }) => data)).toEqual(
      (["starting", "running", "idle", "waiting", "starting", "running"] as const).map((status) => ({
        name: "odd",
        status,
      })),
    );
    expect((await odd.status()).pid).not.toBe(pid);
  });

  test("that ends at once is an error of its own, and holds up nobody who lists tools", async () => {
    await using odd = await oddApp("exits");
    expect(await odd.status()).toMatchObject({
      status: "idle",
      tools: [],
      error: { reason: "mcp_error", message: 'MCP server "odd" ended: exited with code 1' },
    });
    const began = performance.now();
    await odd.client.call("tool.list", {});
    expect(performance.now() - began).toBeLessThan(900);
  });

  test("reads no file that its table does not name, and starts no program", async () => {
    await using app = await testApp();
    const code = `
      const tried = (work) => { try { work(); return "open"; } catch (error) { return error.code ?? error.message; } };
      const fs = require("node:fs");
      console.error(JSON.stringify([
        tried(() => fs.readFileSync("${app.home.database}")),
        tried(() => fs.readFileSync("/etc/passwd")),
        tried(() => fs.writeFileSync("/tmp/mcp-was-here", "")),
        tried(() => require("node:child_process").execFileSync("/bin/true")),
      ]));`;
    await refusalOf(app.client.call("mcp.start", { name: "spy", command: process.execPath, args: ["-e", code] }));
    const [database, passwd, written, program] = JSON.parse(printedBy(app)[0]!) as string[];
    expect([database, passwd, written]).toEqual(["EACCES", "EACCES", "EACCES"]);
    expect(program).not.toBe("open");
  });

  test("reaches the hosts that its table names, by way of the proxy, and no other", async () => {
    using web = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("open") });
    using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("closed") });
    await using app = await testApp();
    const code = `
      const tried = async (url, init) => fetch(url, init).then((answer) => answer.text(), (error) => error.code ?? "failed");
      console.error(JSON.stringify([
        await tried("http://127.0.0.1:${web.port}/"),
        (await tried("http://127.0.0.1:${other.port}/")).trim(),
        await tried("http://127.0.0.1:${other.port}/", { proxy: "" }),
      ]));`;
    const network = [`connect:http://127.0.0.1:${web.port}`];
    const args = ["-e", code];
    await refusalOf(app.client.call("mcp.start", { name: "spy", command: process.execPath, args, network }));
    const [named, denied, direct] = JSON.parse(printedBy(app)[0]!) as string[];
    expect([named, denied]).toEqual(["open", expect.stringContaining("is not among the hosts")]);
    expect(direct).not.toBe("closed");
    expect(app.logs.find(({ message }) => message === "mcp server tried what it may not reach")?.fields).toEqual({
      server: "spy",
      target: `http://127.0.0.1:${other.port}`,
    });
  });

  test("is not opened what is Aleph's own", async () => {
    await using app = await testApp();
    const refused = (table: McpServerTable) =>
      refusalOf(app.client.call("mcp.start", { name: "x", command: process.execPath, ...(table as object) }));
    const own = "would open what is Aleph's own";
    expect(await refused({ read: [app.home.path] })).toContain(own);
    expect(await refused({ write: ["/"] })).toContain(own);
    expect(await refused({ args: [app.home.credentials] })).toContain(own);
    expect(await refused({ args: [app.home.database] })).toContain(own);
    expect(await refused({ read: ["relative"] })).toContain("is not an absolute path");
    expect(await refused({ read: ["/no/such/folder"] })).toContain("is not there");
  });
});
