/** A whole server that other machines reach: its addresses, its certificate, and what a change of either does. */
import { describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { startApp } from "../../src/app.ts";
import { connect } from "../../src/client/client.ts";
import { openWebSocket } from "../../src/client/transport.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { homeAt } from "../../src/config/home.ts";
import type { ConfigInput } from "../../src/config/schema.ts";
import { collectEvents, type TestApp, testApp } from "../support/app.ts";
import { hasOpenssl, makeCertificate } from "../support/certificates.ts";
import { runCli } from "../support/cli.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

/** Another address of this machine, which needs no network: all of 127.0.0.0/8 is loopback on Linux. */
const isLinux = process.platform === "linux";
const ALIAS = "127.0.0.2";
const statusOf = (url: string, init: RequestInit = {}) => fetch(url, init).then(({ status }) => status);
const portOf = ({ url }: TestApp) => Number(new URL(url).port);

/** A server that no client of the test is connected to. */
function startHere(home: string, overrides: ConfigInput) {
  const env = readEnvironment({ HOME: home, TZ: "UTC", OLLAMA_HOST: "http://127.0.0.1:9" });
  return startApp({ home: homeAt(home), env, listen: true, overrides, writeLog: () => undefined });
}

/** What a server shows there now; nothing at the moment in which it closes one port and opens the next. */
function shownAt(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connectTls({ host, port, rejectUnauthorized: false }, () => {
    resolve(String(socket.getPeerCertificate().subject.CN));
    socket.destroy();
  });
  socket.once("error", () => resolve(undefined));
  return promise;
}

describe.skipIf(!isLinux)("a server started with --remote", () => {
  test("listens on the address and on loopback, and serves the names of both", async () => {
    await using server = await testApp({ config: { gateway: { remote: true, host: ALIAS } } });
    const port = portOf(server);
    expect(server.url).toBe(`http://127.0.0.1:${port}`);
    expect(server.app.remoteUrl).toBe(`http://${ALIAS}:${port}`);
    expect(await statusOf(`http://${ALIAS}:${port}/health`)).toBe(200);
    expect(await statusOf(`http://127.0.0.1:${port}/health`)).toBe(200);
    expect(await statusOf(`http://${ALIAS}:${port}/health`, { headers: { host: "evil.example" } })).toBe(403);
    expect(JSON.parse(readFileSync(join(server.home.run, "server.json"), "utf8"))).toMatchObject({
      url: server.url,
      remote_url: server.app.remoteUrl,
    });
  });

  test("finds the tailnet's address among those that it is told of", async () => {
    const interfaces = () => ({ lo: [{ address: "127.0.0.1" }], tailscale0: [{ address: "100.64.7.7" }] });
    // Nobody here has that address: that it is tried is what shows that it was found.
    const starting = testApp({ config: { gateway: { remote: true } }, interfaces });
    await expect(starting).rejects.toThrow(expect.objectContaining({ code: "EADDRNOTAVAIL" }));
  });

  test("does not start without a tailnet, nor open to everyone", async () => {
    const nowhere = () =>
      testApp({ config: { gateway: { remote: true } }, interfaces: () => ({}), env: { PATH: "/nowhere" } });
    expect((await refusal(nowhere)).reason).toBe("not_found");
    const open = () => testApp({ config: { gateway: { remote: true, host: ALIAS }, auth: { mode: "none" } } });
    expect((await refusal(open)).reason).toBe("config_invalid");
  });

  test("asks for credentials although auth.mode becomes none while it can be reached", async () => {
    await using server = await testApp({
      toml: `[gateway]\nremote = true\nhost = "${ALIAS}"\n`,
      config: { gateway: {} },
    });
    const port = portOf(server);
    writeFileSync(server.home.config, `[gateway]\nremote = true\nhost = "${ALIAS}"\n[auth]\nmode = "none"\n`);
    await server.client.call("config.reload", {});
    await until(() => server.logs.some(({ message }) => message.includes("the old one stays")));
    expect(await statusOf(`http://${ALIAS}:${port}/health`)).toBe(200);
    expect((await server.client.call("auth.whoami", {})).identity.kind).toBe("owner");
  });
});

describe.skipIf(!hasOpenssl || !isLinux)("a server with a certificate", () => {
  test("speaks TLS at its address, and plainly on loopback beside it", async () => {
    await using folder = await testFolder();
    const files = await makeCertificate(folder.path, "box.example");
    const tls = { cert: files.cert, key: files.key };
    await using server = await testApp({ config: { gateway: { remote: true, host: ALIAS, tls } } });
    const port = portOf(server);
    expect(server.app.remoteUrl).toBe(`https://box.example:${port}`);
    const url = `wss://${ALIAS}:${port}/ws`;
    await expect(openWebSocket(url)).rejects.toThrow("No connection");
    const certificate = readFileSync(files.cert, "utf8");
    using client = await connect({
      open: () => openWebSocket(url, { certificate }),
      credentials: () => ({ token: server.token }),
      client: { id: "test" },
    });
    expect(client.hello.identity.kind).toBe("owner");
    // Another certificate than the one that is known.
    const other = await makeCertificate(folder.path, "other.example");
    await expect(openWebSocket(url, { certificate: readFileSync(other.cert, "utf8") })).rejects.toThrow(
      "No connection",
    );
    const page = {
      tls: { rejectUnauthorized: false },
      headers: { host: "box.example", origin: "https://box.example" },
    };
    expect(await statusOf(`https://${ALIAS}:${port}/health`, page)).toBe(200);
    const plain = { ...page, headers: { host: "box.example", origin: "http://box.example" } };
    expect(await statusOf(`https://${ALIAS}:${port}/health`, plain)).toBe(403);
  });

  test("is reached by the commands of its own home, although nobody vouches for it", async () => {
    await using folder = await testFolder();
    const files = await makeCertificate(folder.path, "box.example");
    const tls = { cert: files.cert, key: files.key };
    const home = join(folder.path, "home");
    await using _server = await startHere(home, { gateway: { host: "127.0.0.1", port: 0, tls } });
    const asked = await runCli(["rpc", "rpc.ping"], { home });
    expect({ code: asked.code, stderr: asked.stderr }).toEqual({ code: 0, stderr: "" });
    const { stdout } = await runCli(["doctor"], { home });
    expect(stdout).toMatch(/ok\s+server\s+runs at https:\/\/127\.0\.0\.1:/);
  });

  test("reads it again when it changes, and what is connected stays; with a bad one the last good one stays", async () => {
    await using folder = await testFolder();
    const [first, second] = [await makeCertificate(folder.path, "first"), await makeCertificate(folder.path, "second")];
    const [cert, key] = [join(folder.path, "live.crt"), join(folder.path, "live.key")];
    const put = (files: { cert: string; key: string }) => {
      copyFileSync(files.key, key);
      copyFileSync(files.cert, cert);
    };
    put(first);
    await using server = await testApp({ config: { gateway: { host: ALIAS, remote: true, tls: { cert, key } } } });
    const port = portOf(server);
    using client = await connect({
      open: () => openWebSocket(`wss://${ALIAS}:${port}/ws`, { certificate: readFileSync(first.cert, "utf8") }),
      credentials: () => ({ token: server.token }),
      client: { id: "test" },
    });
    const seen = await collectEvents(client, "config.*");
    expect(await shownAt(ALIAS, port)).toBe("first");

    put(second);
    await until(async () => (await shownAt(ALIAS, port)) === "second");
    expect((await client.call("rpc.ping", {})).pong).toBe(true);

    writeFileSync(cert, "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
    const told = await seen.until(({ topic }) => topic === "config.invalid");
    expect(told.data).toMatchObject({ issues: [{ path: "gateway.tls.cert" }] });
    expect(server.logs.map(({ message }) => message)).toContain(
      "the new certificate cannot be used, the old one stays",
    );
    expect(await shownAt(ALIAS, port)).toBe("second");
    expect((await client.call("rpc.ping", {})).pong).toBe(true);

    expect((await client.call("system.status", {})).config.issues).toHaveLength(1);
    put(first);
    await until(async () => (await shownAt(ALIAS, port)) === "first");
    expect((await client.call("system.status", {})).config.issues).toEqual([]);
  });

  test("takes one that the config names before it is there, when it comes", async () => {
    await using folder = await testFolder();
    const made = await makeCertificate(folder.path, "late");
    const [cert, key] = [join(folder.path, "live.crt"), join(folder.path, "live.key")];
    await using server = await testApp({ toml: `[gateway]\nhost = "${ALIAS}"\n`, config: { gateway: {} } });
    const port = portOf(server);
    await server.client.call("config.patch", { patch: { gateway: { tls: { cert, key } } } });
    await until(() => server.logs.some(({ message }) => message.includes("the old one stays")));
    expect(await statusOf(`http://${ALIAS}:${port}/health`)).toBe(200);
    copyFileSync(made.key, key);
    copyFileSync(made.cert, cert);
    await until(async () => (await shownAt(ALIAS, port)) === "late");
  });

  test("does not start with one that cannot be used", async () => {
    await using folder = await testFolder();
    const files = await makeCertificate(folder.path, "box");
    const other = await makeCertificate(folder.path, "other");
    const tls = { cert: files.cert, key: other.key };
    expect(await refusal(() => testApp({ config: { gateway: { tls } } }))).toMatchObject({
      reason: "config_invalid",
      message: "The file of gateway.tls.key is not the key of the certificate",
    });
  });
});
