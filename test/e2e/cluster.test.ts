/** A center and five nodes as executables on networks of their own: links are cut in mid-call, nodes and the center killed. */
import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Client, connect } from "../../src/client/client.ts";
import { openWebSocket } from "../../src/client/transport.ts";
import { executablePath, type Running, startExecutable, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { type Links, makeLinks } from "../support/links.ts";
import { until } from "../support/until.ts";

const NODES = 5;
const PATIENCE_MS = 60_000;
/** Leaves a mark each time that it runs, and ends when the test wants it to. */
const COUNTED = "echo ran >> count; until [ -e go ]; do sleep 0.05; done; echo over";

/** The center, its nodes and the operator who says yes. */
class TestCluster implements AsyncDisposable {
  readonly #links: Links;
  readonly #folder: string;
  readonly #stack = new AsyncDisposableStack();
  readonly #nodes: (Running | undefined)[] = new Array(NODES).fill(undefined);
  #center: Running | undefined;
  #port = 0;
  client!: Client;

  constructor(links: Links, folder: string) {
    this.#links = links;
    this.#folder = folder;
    this.#stack.use(links);
  }

  workspace(index: number): string {
    return join(this.#folder, `node${index}/workspaces/node`);
  }

  async startCenter(): Promise<void> {
    const home = join(this.#folder, "center");
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const toml = [
      "[cluster]",
      "heartbeat_ms = 300",
      "[gateway]",
      `host = "${this.#links.host}"`,
      `port = ${this.#port}`,
      `allowed_hosts = ${JSON.stringify(this.#links.names)}`,
      "",
    ];
    writeFileSync(join(home, "config.toml"), toml.join("\n"), { mode: 0o600 });
    rmSync(join(home, "run/server.json"), { force: true });
    const [file = executablePath(), ...before] = [...this.#links.onCenter, executablePath()];
    const center = startExecutable({ home, file, args: [...before, "serve"] });
    this.#center = this.#stack.use(center);
    const record = join(home, "run/server.json");
    const url = await until(
      () => existsSync(record) && (JSON.parse(readFileSync(record, "utf8")) as { url?: string }).url,
      PATIENCE_MS,
    );
    this.#port = Number(new URL(url).port);
    const token = readFileSync(join(home, "credentials/token"), "utf8").trim();
    this.client = this.#stack.use(
      await connect({
        open: () => openWebSocket(this.#links.operatorUrl(this.#port)),
        credentials: () => ({ token }),
        client: { id: "test" },
      }),
    );
    const { client } = this;
    await client.subscribe("approval.requested", ({ data }) => {
      const { approval_id } = data as { approval_id: string };
      void client.call("approvals.resolve", { approval_id, decision: "once" }).catch(() => "answered already");
    });
  }

  async killCenter(): Promise<void> {
    this.#center?.kill("SIGKILL");
    await this.#center?.finished;
  }

  /** Waits until the node works; the first time somebody lets it in. */
  async startNode(index: number): Promise<void> {
    const home = join(this.#folder, `node${index}`);
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const url = await this.#links.nodeUrl(index, this.#port);
    const words = ["node", "--center", url, "--name", `n${index}`, "--tag", index < 3 ? "low" : "high", "--tag", "all"];
    const [file = executablePath(), ...before] = [...this.#links.onNode(index), executablePath()];
    const node = this.#stack.use(startExecutable({ home, file, args: [...before, ...words] }));
    this.#nodes[index] = node;
    await until(async () => {
      const [, code] = /with the code (\w+)/.exec(node.output()) ?? [];
      if (code) await this.client.call("node.approve", { code }).catch(() => "let in already");
      return node.output().includes("works for") || code !== undefined;
    }, PATIENCE_MS);
    await this.untilOnline(index);
  }

  async killNode(index: number): Promise<void> {
    this.#nodes[index]?.kill("SIGKILL");
    await this.#nodes[index]?.finished;
  }

  finished(index: number) {
    return this.#nodes[index]!.finished;
  }

  untilOnline(index: number) {
    return until(async () => {
      const { nodes } = await this.client.call("node.list", {});
      return nodes.some(({ name, status }) => name === `n${index}` && status === "online");
    }, PATIENCE_MS);
  }

  async begin(index: number, timeoutMs = 120_000) {
    const call = this.client.call("node.invoke", {
      node: `n${index}`,
      command: "exec",
      args: { command: COUNTED },
      timeout_ms: timeoutMs,
    });
    call.catch(() => "told by whoever awaits it");
    await until(() => existsSync(join(this.workspace(index), "count")), PATIENCE_MS);
    return { end: () => call };
  }

  finish(index: number): void {
    writeFileSync(join(this.workspace(index), "go"), "");
  }

  /** How often it has run; and a clean start for the next. */
  counted(index: number): string {
    const text = readFileSync(join(this.workspace(index), "count"), "utf8");
    for (const name of ["count", "go"]) rmSync(join(this.workspace(index), name), { force: true });
    return text;
  }

  cut = (index: number) => this.#links.cut(index);
  mend = (index: number) => this.#links.mend(index);

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

testExecutable(
  "each call on a cluster ends in one definite state, whatever link is cut and whoever is killed",
  async () => {
    await using folder = await testFolder();
    await using cluster = new TestCluster(await makeLinks(NODES), folder.path);
    await cluster.startCenter();
    for (let index = 0; index < NODES; index++) await cluster.startNode(index);

    const many = await cluster.client.call("tool.call", {
      tool: "node_invoke_many",
      args: { tags: ["all"], command: "exec", args: { command: "echo here" } },
    });
    expect(many.result.split("\n")[0]).toBe("5 nodes: 5 done");

    const calls = [];
    for (const timeout of [120_000, 120_000, 3_000, 120_000, 120_000])
      calls.push(await cluster.begin(calls.length, timeout));
    // The link of the first is cut, and its work ends meanwhile; the others have their own ends.
    await cluster.cut(0);
    await cluster.killNode(1);
    await cluster.killNode(2);
    await cluster.client.call("node.revoke", { node: "n4" });
    cluster.finish(0);
    cluster.finish(3);
    // One that is cut off holds up no other.
    expect(await cluster.client.call("node.invoke", { node: "n3", command: "system.info" })).toMatchObject({
      ok: true,
    });
    await until(async () => (await cluster.client.call("node.get", { node: "n0" })).status === "offline", PATIENCE_MS);
    await cluster.mend(0);
    await cluster.startNode(1);
    const ends = await Promise.all(calls.map(({ end }) => end()));
    expect(ends.map(({ outcome }) => outcome)).toEqual(["done", "unknown", "unknown", "done", "unknown"]);
    expect([0, 1, 2, 3, 4].map((index) => cluster.counted(index))).toEqual(new Array(5).fill("ran\n"));
    const { code, stderr } = await cluster.finished(4);
    expect({ code, stderr }).toEqual({ code: 77, stderr: expect.stringContaining("lets this node in no more") });
    expect((await cluster.client.call("node.list", {})).nodes.map(({ name }) => name)).toEqual([
      "n0",
      "n1",
      "n2",
      "n3",
    ]);

    // The center is killed while two of them work; one ends meanwhile, the other after it is back.
    await cluster.begin(0);
    await cluster.begin(3);
    await cluster.killCenter();
    cluster.finish(0);
    await cluster.startCenter();
    await Promise.all([cluster.untilOnline(0), cluster.untilOnline(3)]);
    cluster.finish(3);
    for (const index of [0, 3]) {
      const newest = await until(async () => {
        const [call] = (await cluster.client.call("node.get", { node: `n${index}` })).calls;
        return call !== undefined && call.outcome !== null && call;
      }, PATIENCE_MS);
      expect({ command: newest.command, outcome: newest.outcome }).toEqual({ command: "exec", outcome: "done" });
      expect(cluster.counted(index)).toBe("ran\n");
    }
  },
  240_000,
);
