/** A center and its nodes over real sockets, with lines that are cut. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../src/client/client.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { collectEvents, type TestApp, testApp } from "../support/app.ts";
import { testFolder } from "../support/folder.ts";
import { joinNode, startNode, untilOnline } from "../support/node.ts";
import { startRelay } from "../support/relay.ts";
import { until } from "../support/until.ts";

const SLOW = 90_000;
const QUICK = { cluster: { heartbeat_ms: 500 } };

const portOf = ({ url }: { readonly url: string }) => Number(new URL(url).port);

/** Says yes to every question, as an operator who watches. */
async function sayYes(client: Client): Promise<Disposable> {
  return client.subscribe("approval.requested", ({ data }) => {
    const { approval_id } = data as { approval_id: string };
    void client.call("approvals.resolve", { approval_id, decision: "once" }).catch(() => "answered already");
  });
}

/** Counts how often it ran, then waits for the file `go`. */
const COUNTED = "echo ran >> count; until [ -e go ]; do sleep 0.02; done; echo over";

async function refusal(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return thrown instanceof AlephError ? thrown.reason : `no refusal: ${String(thrown)}`;
}

describe("cluster", () => {
  let app: TestApp;
  let operator: Disposable;
  beforeAll(async () => {
    app = await testApp({ config: QUICK });
    operator = await sayYes(app.client);
  });
  afterAll(async () => {
    operator[Symbol.dispose]();
    await app[Symbol.asyncDispose]();
  });

  test(
    "a node shows a code, is let in, and says what it is; it keeps a key and no database",
    async () => {
      await using node = await joinNode(app.client, { port: portOf(app), name: "first", tags: ["linux", "gpu"] });
      const { nodes } = await app.client.call("node.list", { tags: ["gpu", "linux"] });
      expect(nodes.map(({ name, status, tags, running }) => ({ name, status, tags, running }))).toEqual([
        { name: "first", status: "online", tags: ["linux", "gpu"], running: 0 },
      ]);
      expect(nodes[0]!.commands).toEqual(
        expect.arrayContaining(["exec", "file.read", "file.write", "file.list", "system.info"]),
      );
      expect((await app.client.call("node.list", { tags: ["other"] })).nodes).toEqual([]);
      expect([node.keyMode(), readdirSync(node.home).filter((name) => name.includes("aleph.db"))]).toEqual([0o600, []]);
      await app.client.call("node.revoke", { node: "first" });
    },
    SLOW,
  );

  test(
    "node.invoke runs what only looks at once and what does more after a yes, and tells how it ended",
    async () => {
      await using node = await joinNode(app.client, { port: portOf(app), name: "worker" });
      const invoke = (command: string, args: Record<string, unknown> = {}) =>
        app.client.call("node.invoke", { node: "worker", command, args });
      expect(await invoke("exec", { command: "true" })).toEqual({ ok: true, result: "[no output]", outcome: "done" });
      expect(await invoke("exec", { command: "echo one > made; exit 3" })).toMatchObject({
        ok: false,
        outcome: "failed",
      });
      expect(readFileSync(join(node.workspace, "made"), "utf8")).toBe("one\n");
      expect(await invoke("file.write", { path: "sub/new.txt", content: "text" })).toMatchObject({ outcome: "done" });
      expect(await invoke("file.read", { path: "sub/new.txt" })).toEqual({ ok: true, result: "text", outcome: "done" });
      expect((await invoke("file.list", { path: "sub" })).result).toBe("new.txt\t4");
      expect(JSON.parse((await invoke("system.info")).result)).toMatchObject({ workspace: node.workspace });
      expect(await refusal(invoke("file.read", { path: "../../credentials/node.pem" }))).toBe("approval_denied");
      expect(await invoke("no.such")).toMatchObject({ ok: false, outcome: "failed" });
      expect(await refusal(invoke("exec", { command: "rm -rf /" }))).toBe("approval_denied");
      expect(await refusal(app.client.call("node.invoke", { node: "nobody", command: "exec" }))).toBe("not_found");
      const { calls } = await app.client.call("node.get", { node: "worker" });
      expect(calls.map(({ command, outcome }) => `${command} ${outcome}`)).toEqual([
        "system.info done",
        "file.list done",
        "file.read done",
        "file.write done",
        "exec failed",
        "exec done",
      ]);
      await app.client.call("node.revoke", { node: "worker" });
    },
    SLOW,
  );

  test(
    "a node's own policy makes it stricter: commands left out, only looking, a question each time",
    async () => {
      const port = portOf(app);
      await using strict = await joinNode(app.client, {
        port,
        name: "strict",
        toml: '[node]\ncommands = ["exec", "system.*"]\nread_only = true\n',
      });
      await using _asking = await joinNode(app.client, { port, name: "asking", toml: '[node]\nask = ["*"]\n' });
      const invoke = (node: string, command: string, args: Record<string, unknown>) =>
        app.client.call("node.invoke", { node, command, args });
      expect((await app.client.call("node.get", { node: "strict" })).commands).toEqual(["exec", "system.info"]);
      expect(await invoke("strict", "exec", { command: "true" })).toMatchObject({ outcome: "done" });
      expect(await refusal(invoke("strict", "exec", { command: "touch made" }))).toBe("approval_denied");
      expect(existsSync(join(strict.workspace, "made"))).toBe(false);
      expect(await invoke("strict", "file.read", { path: "x" })).toMatchObject({ outcome: "failed" });
      const events = await collectEvents(app.client, "approval.requested");
      expect(await invoke("asking", "system.info", {})).toMatchObject({ outcome: "done" });
      expect(events.events.map(({ data }) => data)).toMatchObject([
        { tool: "node_invoke", plan: { node: "asking", command: "system.info" }, pattern: null },
      ]);
      for (const node of ["strict", "asking"]) await app.client.call("node.revoke", { node });
    },
    SLOW,
  );

  test(
    "a call whose line is cut goes on, is asked about when the node is back, and ran once",
    async () => {
      await using relay = await startRelay(portOf(app));
      await using node = await joinNode(app.client, { port: relay.port, name: "cut" });
      const calling = app.client.call("node.invoke", { node: "cut", command: "exec", args: { command: COUNTED } });
      await until(() => existsSync(join(node.workspace, "count")), 30_000);
      relay.cut();
      await until(async () => (await app.client.call("node.get", { node: "cut" })).status === "offline", 30_000);
      // It ends while nobody can be told.
      writeFileSync(join(node.workspace, "go"), "");
      relay.mend();
      expect(await calling).toEqual({ ok: true, result: "over", outcome: "done" });
      expect(readFileSync(join(node.workspace, "count"), "utf8")).toBe("ran\n");
      await app.client.call("node.revoke", { node: "cut" });
    },
    SLOW,
  );

  test(
    "a call on a node that is started anew meanwhile ends as unknown, and is not begun again",
    async () => {
      const node = await joinNode(app.client, { port: portOf(app), name: "anew" });
      const calling = app.client.call("node.invoke", { node: "anew", command: "exec", args: { command: COUNTED } });
      await until(() => existsSync(join(node.workspace, "count")), 30_000);
      const { home, workspace } = node;
      // The home goes with the node: another process on a copy of it is the same device.
      const copy = join(app.home.path, "copy-of-node");
      await Bun.$`cp -r ${home} ${copy}`.quiet();
      const before = readFileSync(join(workspace, "count"), "utf8");
      await using _again = await startNode({ port: portOf(app), name: "anew", home: copy });
      const { ok, outcome, result } = await calling;
      expect({ ok, outcome, before, result: result.includes("started anew") }).toEqual({
        ok: false,
        outcome: "unknown",
        before: "ran\n",
        result: true,
      });
      expect(readFileSync(join(copy, "workspaces/node/count"), "utf8")).toBe("ran\n");
      await app.client.call("node.revoke", { node: "anew" });
      await node[Symbol.asyncDispose]();
    },
    SLOW,
  );

  test(
    "a node that is revoked is gone at once: its call ends as unknown, its work is ended, it is not let in again",
    async () => {
      await using node = await joinNode(app.client, { port: portOf(app), name: "bad" });
      const calling = app.client.call("node.invoke", { node: "bad", command: "exec", args: { command: COUNTED } });
      await until(() => existsSync(join(node.workspace, "count")), 30_000);
      const events = await collectEvents(app.client, "node.*");
      await app.client.call("auth.devices.revoke", { device_id: node.id });
      expect(await calling).toMatchObject({ ok: false, outcome: "unknown" });
      expect(await refusal(node.ended)).toBe("forbidden");
      expect((await app.client.call("node.list", {})).nodes.filter(({ name }) => name === "bad")).toEqual([]);
      expect(await refusal(app.client.call("node.invoke", { node: "bad", command: "exec" }))).toBe("not_found");
      await events.until(({ topic }) => topic === "node.revoked");
    },
    SLOW,
  );

  test(
    "a node that does not answer is found out by its heartbeat and holds up no other",
    async () => {
      await using relay = await startRelay(portOf(app));
      await using _dead = await joinNode(app.client, { port: relay.port, name: "dead", tags: ["pair"] });
      await using _alive = await joinNode(app.client, { port: portOf(app), name: "alive", tags: ["pair"] });
      relay.hold();
      expect(await app.client.call("node.invoke", { node: "alive", command: "system.info" })).toMatchObject({
        ok: true,
      });
      await until(async () => (await app.client.call("node.get", { node: "dead" })).status === "offline", 30_000);
      const many = await app.client.call("tool.call", {
        tool: "node_invoke_many",
        args: { tags: ["pair"], command: "exec", args: { command: "echo here" } },
      });
      expect(many.result).toContain("2 nodes: ");
      expect(many.result).toContain("## alive: done\nhere");
      expect(many.result).toContain('## dead: failed\nNode "dead" is not connected');
      expect(many.ok).toBe(true);
      relay.mend();
      await untilOnline(app.client, (await app.client.call("node.get", { node: "dead" })).node_id);
      for (const node of ["dead", "alive"]) await app.client.call("node.revoke", { node });
    },
    SLOW,
  );

  test(
    "output of a call comes while it runs, and cancelling the call ends it on the node",
    async () => {
      await using node = await joinNode(app.client, { port: portOf(app), name: "loud" });
      const client = await app.connect();
      const events = await collectEvents(app.client, "node.*");
      const calling = client.call("node.invoke", {
        node: "loud",
        command: "exec",
        args: { command: `echo early; ${COUNTED}` },
      });
      calling.catch(() => "the connection goes");
      const output = await events.until(({ topic }) => topic === "node.output");
      expect(output.data).toMatchObject({ node: "loud", command: "exec", content: "early\n" });
      client[Symbol.dispose]();
      const end = await events.until(({ topic }) => topic === "node.call_ended");
      expect(end.data).toMatchObject({ outcome: "failed" });
      expect(existsSync(join(node.workspace, "go"))).toBe(false);
      await app.client.call("node.revoke", { node: "loud" });
    },
    SLOW,
  );

  test.each(["cut", "held"] as const)(
    "a call that is cancelled while its line is %s is ended on the node when that is back",
    async (how) => {
      await using relay = await startRelay(portOf(app));
      await using node = await joinNode(app.client, { port: relay.port, name: how });
      const client = await app.connect();
      const events = await collectEvents(app.client, "node.*");
      const beat = join(node.workspace, "beat");
      const command = "while :; do echo on > beat; sleep 0.02; done";
      client.call("node.invoke", { node: how, command: "exec", args: { command } }).catch(() => "the connection goes");
      await until(() => existsSync(beat), 30_000);
      if (how === "cut") {
        relay.cut();
        await until(async () => (await app.client.call("node.get", { node: how })).status === "offline", 30_000);
      } else relay.hold();
      client[Symbol.dispose]();
      if (how === "held") {
        await until(async () => (await app.client.call("node.get", { node: how })).status === "offline", 30_000);
      } else await events.until(({ topic }) => topic === "node.call_ended");
      relay.mend();
      await until(() => Date.now() - statSync(beat).mtimeMs > 2000, 30_000);
      await events.until(({ topic }) => topic === "node.call_ended");
      await app.client.call("node.revoke", { node: how });
    },
    SLOW,
  );

  test(
    "node_file carries a file there and back in parts, over a line that is cut, and it is the same file",
    async () => {
      await using relay = await startRelay(portOf(app));
      await using node = await joinNode(app.client, { port: relay.port, name: "files" });
      const workspace = join(app.home.workspaces, "main");
      mkdirSync(workspace, { recursive: true });
      const bytes = new Uint8Array(5 * 1024 * 1024 + 17);
      for (let at = 0; at < bytes.length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
      writeFileSync(join(workspace, "big.bin"), bytes);
      writeFileSync(join(workspace, "empty"), "");
      const copy = (direction: string, from: string, to: string) =>
        app.client.call("tool.call", { tool: "node_file", args: { node: "files", direction, from, to } });
      const pushing = copy("push", "big.bin", "there/big.bin");
      await until(() => {
        const parts = join(node.home, "run/transfers");
        return existsSync(parts) && readdirSync(parts).length > 0;
      }, 30_000);
      relay.cut();
      relay.mend();
      expect(await pushing).toMatchObject({ ok: true });
      expect(Buffer.compare(readFileSync(join(node.workspace, "there/big.bin")), bytes)).toBe(0);
      expect(await copy("pull", "there/big.bin", "back.bin")).toMatchObject({ ok: true });
      expect(Buffer.compare(readFileSync(join(workspace, "back.bin")), bytes)).toBe(0);
      expect(await copy("push", "empty", "empty")).toMatchObject({ ok: true });
      expect(await copy("pull", "empty", "empty2")).toMatchObject({ ok: true });
      expect([
        readFileSync(join(node.workspace, "empty"), "utf8"),
        readFileSync(join(workspace, "empty2"), "utf8"),
      ]).toEqual(["", ""]);
      expect(await copy("pull", "nothing", "x")).toMatchObject({ ok: false });
      expect(readdirSync(join(node.home, "run/transfers"))).toEqual([]);
      await app.client.call("node.revoke", { node: "files" });
    },
    SLOW,
  );
});

test(
  "the center stopped in mid-call asks about the call when it is back, and writes down how it ended",
  async () => {
    await using folder = await testFolder();
    const first = await testApp({ config: QUICK, home: folder.path });
    await using relay = await startRelay(portOf(first));
    const operator = await sayYes(first.client);
    await using node = await joinNode(first.client, { port: relay.port, name: "kept" });
    const calling = first.client.call("node.invoke", { node: "kept", command: "exec", args: { command: COUNTED } });
    calling.catch(() => "the connection goes");
    await until(() => existsSync(join(node.workspace, "count")), 30_000);
    // As after kill -9: nobody says goodbye to the node.
    relay.cut();
    operator[Symbol.dispose]();
    const { url } = first;
    const home = folder.path;
    await first[Symbol.asyncDispose]();
    writeFileSync(join(node.workspace, "go"), "");
    await using second = await testApp({
      config: { ...QUICK, gateway: { port: Number(new URL(url).port) } },
      home,
    });
    relay.mend();
    await untilOnline(second.client, node.id);
    const calls = await until(async () => {
      const { calls } = await second.client.call("node.get", { node: "kept" });
      return calls.every(({ outcome }) => outcome !== null) && calls;
    }, 30_000);
    expect(calls.map(({ command, outcome }) => ({ command, outcome }))).toEqual([
      { command: "exec", outcome: expect.stringMatching(/^(?:done|failed)$/) as never },
    ]);
    expect(readFileSync(join(node.workspace, "count"), "utf8")).toBe("ran\n");
  },
  SLOW,
);
