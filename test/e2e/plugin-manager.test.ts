/** Approval, trust, hot reload and what comes with Aleph, run by the compiled executable. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeCodePlugin } from "../support/approved-plugin.ts";
import { startServer, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { openRawSocket, type RawSocket } from "../support/raw-socket.ts";
import { until } from "../support/until.ts";

interface Shown {
  readonly id: string;
  readonly source: string;
  readonly status: string;
  readonly awaits: string | null;
  readonly sha256: string;
  readonly serving: { readonly version: string } | null;
  readonly error: { readonly message: string } | null;
}

const TOOL = `
[[tools]]
name = "which"
description = "Says which it is"
handler = "which"
`;
const code = (version: string) => `
  import { createServer } from "@aleph/plugin-sdk";
  createServer({ name: "versioned", tools: { which: async () => ${JSON.stringify(version)} } }).start();
`;

const get = (socket: RawSocket, id: string) => socket.call<Shown>("plugins.get", { id });
const which = async (socket: RawSocket) =>
  (await socket.call<{ result: string }>("tool.call", { tool: "which", args: {} })).result;
const write = (plugins: string, version: string, manifest = TOOL) =>
  writeCodePlugin(plugins, "versioned", { manifest, code: code(version) });

testExecutable("what was approved goes on, also after a restart, while what changed waits", async () => {
  await using folder = await testFolder();
  const home = folder.path;
  const plugins = join(home, "plugins");
  await write(plugins, "first");
  {
    await using server = await startServer({ home });
    using socket = await openRawSocket(server.url, server.token);
    const { status, awaits, sha256 } = await get(socket, "versioned");
    expect([status, awaits]).toEqual(["pending", "approval"]);
    await socket.call("plugins.approve", { id: "versioned", sha256 });
    expect(await which(socket)).toBe("first");
    await write(plugins, "second");
    await until(async () => (await get(socket, "versioned")).awaits === "content");
    expect(await which(socket)).toBe("first");
  }
  {
    await using server = await startServer({ home });
    using socket = await openRawSocket(server.url, server.token);
    expect(await which(socket)).toBe("first");
    const shown = await get(socket, "versioned");
    expect([shown.status, shown.awaits]).toEqual(["pending", "content"]);
    await socket.call("plugins.approve", { id: "versioned", sha256: shown.sha256 });
    expect(await which(socket)).toBe("second");
    // From here on its files take effect as they are saved, unless it asks for more.
    await socket.call("plugins.develop", { id: "versioned" });
    await write(plugins, "third");
    await until(async () => (await which(socket)) === "third");
    await write(plugins, "fourth", `[permissions]\nnetwork = ["connect:https://example.com"]\n${TOOL}`);
    await until(async () => (await get(socket, "versioned")).awaits === "permissions");
    expect(await which(socket)).toBe("third");
    // A broken one does not end the one that works.
    writeFileSync(join(plugins, "versioned", "aleph_plugin.toml"), "[plugin");
    await until(async () => (await get(socket, "versioned")).status === "error");
    expect(await which(socket)).toBe("third");
  }
});

testExecutable("plugins of the working folder are off until it is trusted", async () => {
  await using folder = await testFolder();
  const home = join(folder.path, "home");
  const cwd = join(folder.path, "project");
  mkdirSync(cwd);
  const marker = join(folder.path, "marker");
  await writeCodePlugin(join(cwd, "plugins"), "evil", {
    manifest: "",
    code: `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "")`,
  });
  await using server = await startServer({ home, cwd });
  using socket = await openRawSocket(server.url, server.token);
  const list = () =>
    socket.call<{ plugins: Shown[]; folders: { path: string; trusted: boolean }[] }>("plugins.list", {});
  const before = await list();
  expect(before.plugins.filter(({ source }) => source === "project")).toEqual([]);
  expect(before.folders).toContainEqual({ path: join(cwd, "plugins"), source: "project", trusted: false } as never);
  await expect(get(socket, "evil")).rejects.toThrow();
  await socket.call("plugins.trustFolder", { folder: cwd });
  expect((await get(socket, "evil")).status).toBe("pending");
  expect(existsSync(marker)).toBe(false);
});

testExecutable("what came with Aleph is there, off, and can be switched on", async () => {
  await using folder = await testFolder();
  await using server = await startServer({ home: folder.path });
  using socket = await openRawSocket(server.url, server.token);
  const { plugins } = await socket.call<{ plugins: Shown[] }>("plugins.list", {});
  const bundled = plugins.filter(({ source }) => source === "bundled");
  expect(bundled.length).toBeGreaterThan(0);
  expect(bundled.filter(({ status }) => status !== "disabled")).toEqual([]);
  for (const { id, sha256 } of bundled) {
    expect(["pending", "running"]).toContain((await socket.call<Shown>("plugins.enable", { id })).status);
    const { status, error } = await socket.call<Shown>("plugins.approve", { id, sha256 });
    expect([["loaded", "running"].includes(status), error]).toEqual([true, null]);
  }
});
