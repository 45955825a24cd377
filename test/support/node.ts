/** A node of the cluster in the test's own process, let in by the center that the test has started. */
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../src/client/client.ts";
import { type NodeOptions, runNode } from "../../src/cluster/node.ts";
import type { NodeLinkState } from "../../src/cluster/node-link.ts";
import { openConfig } from "../../src/config/config.ts";
import { readEnvironment } from "../../src/config/environment.ts";
import { ensureHome, homeAt } from "../../src/config/home.ts";
import { createLog } from "../../src/lib/log.ts";
import { testFolder } from "./folder.ts";
import { until } from "./until.ts";

export interface TestNodeOptions {
  readonly port: number;
  readonly name?: string;
  readonly tags?: readonly string[];
  readonly toml?: string;
  /** A home to use again. */
  readonly home?: string;
}

export interface TestNode extends AsyncDisposable {
  readonly home: string;
  readonly workspace: string;
  readonly states: readonly NodeLinkState[];
  /** Rejects when the center lets it in no more. */
  readonly ended: Promise<void>;
  /** The file with its key. */
  readonly keyMode: () => number;
}

/** Starts it and does not wait for anything. */
export async function startNode({
  port,
  name = "n1",
  tags = [],
  toml,
  home: path,
}: TestNodeOptions): Promise<TestNode> {
  await using stack = new AsyncDisposableStack();
  const home = homeAt(path ?? stack.use(await testFolder()).path);
  ensureHome(home);
  if (toml !== undefined) writeFileSync(home.config, toml, { mode: 0o600 });
  const env = readEnvironment({ TZ: "UTC", HOME: home.path });
  const log = createLog({ write: () => undefined, level: () => "error", now: Date.now });
  const config = await openConfig({ home, env, log });
  const states: NodeLinkState[] = [];
  const options: NodeOptions = {
    home,
    env,
    config,
    center: `ws://127.0.0.1:${port}/ws`,
    name,
    tags,
    log,
    onState: (state) => states.push(state),
  };
  const stop = new AbortController();
  const ended = runNode(options, stop.signal);
  ended.catch(() => "told by whoever awaits it");
  stack.defer(async () => {
    stop.abort();
    await ended.catch(() => undefined);
  });
  const owned = stack.move();
  return {
    home: home.path,
    workspace: join(home.workspaces, "node"),
    states,
    ended,
    keyMode: () => statSync(join(home.credentials, "node.pem")).mode & 0o777,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Starts it, lets it in, and waits until it works. */
export async function joinNode(client: Client, options: TestNodeOptions): Promise<TestNode & { readonly id: string }> {
  const node = await startNode(options);
  const { code } = await until(() => {
    const state = node.states.at(-1);
    return state?.kind === "waiting" && state;
  }, 30_000);
  const { node_id } = await client.call("node.approve", { code });
  await untilOnline(client, node_id);
  return { ...node, id: node_id };
}

export async function untilOnline(client: Client, nodeId: string): Promise<void> {
  await until(async () => (await client.call("node.get", { node: nodeId })).status === "online", 30_000);
}
