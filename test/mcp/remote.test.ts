import { describe, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { McpServerTable } from "../../src/config/schema.ts";
import { collectEvents, testApp } from "../support/app.ts";
import { startRemoteMcp } from "../support/mcp/remote.ts";
import { refusalOf } from "../support/tool-call.ts";
import { until } from "../support/until.ts";

const FREE = { tools: { allow: ["*"] } };

function appWith(remote: McpServerTable) {
  return testApp({ config: { mcp: { servers: { remote: { ...FREE, ...remote } } } } });
}

const text = (value: string) => ({ content: [{ type: "text", text: value }] });

describe("an MCP server with a url", () => {
  test("is another Aleph, whose tools are called with the token that a header names", async () => {
    await using other = await testApp();
    await using app = await testApp({
      config: {
        mcp: { servers: { other: { ...FREE, url: `${other.url}/mcp`, headers: { authorization: "env:OTHER" } } } },
      },
      env: { OTHER: `Bearer ${other.token}` },
    });
    const { servers } = await app.client.call("mcp.list", {});
    expect(servers[0]).toMatchObject({ status: "running", transport: "http", about: { name: "aleph" }, pid: null });
    const result = await app.client.call("mcp.call", { server: "other", tool: "time", arguments: {} });
    expect(result).toMatchObject({ isError: false, content: [{ type: "text", text: expect.stringContaining("UTC") }] });
  });

  test("says that a login is needed when it is refused without a token", async () => {
    await using other = await testApp();
    await using app = await appWith({ url: `${other.url}/mcp` });
    const { servers } = await app.client.call("mcp.list", {});
    expect(servers[0]).toMatchObject({
      status: "login_required",
      tools: [],
      error: { reason: "unauthenticated", message: 'MCP server "remote" asks for a login' },
    });
  });

  test("that redirects elsewhere is not followed to what its table does not open", async () => {
    let reached = 0;
    using inner = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => {
        reached++;
        return new Response("secret");
      },
    });
    using outer = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => Response.redirect(`http://127.0.0.1:${inner.port}/latest/meta-data/`, 307),
    });
    await using app = await appWith({ url: `http://127.0.0.1:${outer.port}/mcp` });
    const { servers } = await app.client.call("mcp.list", {});
    expect(servers[0]).toMatchObject({ status: "idle", tools: [], error: expect.anything() });
    expect(reached).toBe(0);
  });

  test("that is no MCP server, or none at all, is an error that says so", async () => {
    using web = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("<html>", { status: 404 }) });
    await using app = await appWith({ url: `http://127.0.0.1:${web.port}/mcp` });
    expect((await app.client.call("mcp.list", {})).servers[0]!.error).toMatchObject({
      reason: "mcp_error",
      message: 'MCP server "remote" answers with status 404, not with MCP',
    });
    expect(await refusalOf(app.client.call("mcp.start", { name: "gone", url: "http://127.0.0.1:1/mcp" }))).toBe(
      'not_found: Cannot reach "127.0.0.1:1" (ECONNREFUSED)',
    );
    expect(
      await refusalOf(app.client.call("mcp.start", { name: "both", url: "http://127.0.0.1:1/mcp", command: "x" })),
    ).toBe('config_invalid: MCP server "both" needs either a command or a url');
  });

  test("that sends without end is cut off", async () => {
    await using remote = startRemoteMcp({ flood: true });
    await using app = await appWith({ url: remote.url });
    expect(await app.client.call("mcp.call", { server: "remote", tool: "echo" })).toEqual({
      ...text('MCP server "remote" ended: it sends too much at once'),
      isError: true,
    });
  });

  test.each([404, 400] as const)(
    "that forgot its session, and says so with %d, is begun anew for the next call",
    async (status) => {
      await using remote = startRemoteMcp({ sessions: status });
      await using app = await appWith({ url: remote.url });
      const echo = (message: string) =>
        app.client.call("mcp.call", { server: "remote", tool: "echo", arguments: { message } });
      expect(await echo("one")).toEqual(text("one"));
      remote.forget();
      expect(await echo("two")).toEqual(text("two"));
      expect(remote.seen).toEqual({ sessions: 2, calls: ["one", "two"] });
      expect((await app.client.call("mcp.list", {})).servers[0]).toMatchObject({ status: "running", error: null });
    },
  );
});

describe("a login at an MCP server", () => {
  test("goes through the browser with PKCE; the tokens are kept for the owner alone, renewed and forgotten", async () => {
    await using remote = startRemoteMcp({ login: true });
    await using app = await appWith({ url: remote.url });
    const { client, home } = app;
    const server = async () => (await client.call("mcp.list", {})).servers[0]!;
    const status = async () => (await server()).status;
    const events = await collectEvents(client, "mcp.status");
    expect(await server()).toMatchObject({ status: "login_required", logged_in: false });

    const { authorization_url } = await client.call("mcp.login", { name: "remote" });
    const url = new URL(authorization_url!);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: "code",
      code_challenge_method: "S256",
      redirect_uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/callback$/),
      resource: remote.url,
    });
    // Somebody else's visit does not count.
    const wrong = await fetch(`${url.searchParams.get("redirect_uri")}?code=x&state=wrong`);
    expect(wrong.status).toBe(400);
    expect(await (await fetch(url)).text()).toContain("Logged in");
    // Whoever looks on is told that it may be used now.
    await events.until(({ data }) => "name" in data && "status" in data && data.status === "idle");
    await until(async () => (await status()) === "running");
    expect((await server()).logged_in).toBe(true);
    expect(await client.call("mcp.call", { server: "remote", tool: "echo", arguments: { message: "in" } })).toEqual(
      text("in"),
    );

    const file = join(home.credentials, "mcp", "remote.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ tokens: { access_token: remote.tokens.at(-1) } });

    remote.expire();
    expect(await client.call("mcp.call", { server: "remote", tool: "echo", arguments: { message: "still" } })).toEqual(
      text("still"),
    );
    expect(remote.tokens.length).toBe(2);

    await client.call("mcp.logout", { name: "remote" });
    expect((await server()).logged_in).toBe(false);
    expect(await Bun.file(file).exists()).toBe(false);
    expect(await client.call("mcp.call", { server: "remote", tool: "echo" })).toMatchObject({ isError: true });
    expect(await status()).toBe("login_required");
  });

  test("is renewed once for all calls that find its token expired", async () => {
    await using remote = startRemoteMcp({ login: true });
    await using app = await appWith({ url: remote.url });
    const { client } = app;
    const { authorization_url } = await client.call("mcp.login", { name: "remote" });
    await fetch(authorization_url!);
    await until(async () => (await client.call("mcp.list", {})).servers[0]!.status === "running");
    const echo = (message: string) =>
      client.call("mcp.call", { server: "remote", tool: "echo", arguments: { message } });
    expect(await echo("before")).toEqual(text("before"));
    remote.expire();
    const words = ["a", "b", "c"];
    expect(await Promise.all(words.map(echo))).toEqual(words.map(text));
    expect(remote.tokens).toHaveLength(2);
    remote.expire();
    expect(await echo("later")).toEqual(text("later"));
  });

  test("that is begun again leaves the one before until it is done", async () => {
    await using remote = startRemoteMcp({ login: true });
    await using app = await appWith({ url: remote.url });
    const { client } = app;
    const { authorization_url: first } = await client.call("mcp.login", { name: "remote" });
    await fetch(first!);
    await until(async () => (await client.call("mcp.list", {})).servers[0]!.status === "running");
    const { authorization_url: second } = await client.call("mcp.login", { name: "remote" });
    expect((await client.call("mcp.list", {})).servers[0]).toMatchObject({ status: "running", logged_in: true });
    remote.expire();
    const call = { server: "remote", tool: "echo", arguments: { message: "still" } };
    expect(await client.call("mcp.call", call)).toEqual(text("still"));
    const before = remote.tokens.length;
    await fetch(second!);
    await until(async () => (await client.call("mcp.list", {})).servers[0]!.status === "idle");
    expect(await client.call("mcp.call", call)).toEqual(text("still"));
    expect(remote.tokens.length).toBe(before + 1);
  });

  test("can be ended with the address that a browser on another machine ended at", async () => {
    await using remote = startRemoteMcp({ login: true });
    await using app = await appWith({ url: remote.url });
    const { authorization_url } = await app.client.call("mcp.login", { name: "remote" });
    const back = await fetch(authorization_url!, { redirect: "manual" });
    const callback = back.headers.get("location")!;
    expect(
      await refusalOf(
        app.client.call("mcp.login", { name: "remote", callback: `${callback}x`.replace("state=", "state=x") }),
      ),
    ).toContain("invalid_params");
    expect(await app.client.call("mcp.login", { name: "remote", callback })).toEqual({ authorization_url: null });
    expect((await app.client.call("mcp.list", {})).servers[0]!.status).toBe("running");
    expect(await refusalOf(app.client.call("mcp.login", { name: "remote", callback }))).toContain("not_found");
  });

  test("that the person refuses is an error, and there is none at a program", async () => {
    await using remote = startRemoteMcp({ login: true });
    await using app = await appWith({ url: remote.url });
    const { authorization_url } = await app.client.call("mcp.login", { name: "remote" });
    const redirect = new URL(authorization_url!).searchParams;
    const refused = `${redirect.get("redirect_uri")}?error=access_denied&state=${redirect.get("state")}`;
    expect(await refusalOf(app.client.call("mcp.login", { name: "remote", callback: refused }))).toBe(
      "mcp_error: The login was refused: access_denied",
    );
    await app.client.call("config.patch", { patch: { mcp: { servers: { local: { command: "true" } } } } });
    expect(await refusalOf(app.client.call("mcp.login", { name: "local" }))).toContain("there is nothing to log in at");
  });
});
