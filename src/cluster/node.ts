/** A node: this machine, working for a center. It keeps a key and a folder to work in, no database and no model. */

import { mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import type * as z from "zod";
import type { ConfigStore } from "../config/config.ts";
import type { Environment } from "../config/environment.ts";
import type { Home } from "../config/home.ts";
import { createId } from "../lib/id.ts";
import type { Log } from "../lib/log.ts";
import { lookupAll } from "../lib/lookup-all.ts";
import { removeOldParts } from "../lib/part-file.ts";
import { ensureSigningKey } from "../lib/signing-key.ts";
import { VERSION } from "../lib/version.ts";
import { createCommandPolicy } from "../policy/command-policy.ts";
import { AlephError } from "../protocol/errors.ts";
import { type NodeAnswer, nodeCallName, nodeCallParams, nodeJudgeParams } from "../protocol/node.ts";
import { createFiles } from "../sandbox/files.ts";
import { Jobs } from "../sandbox/jobs.ts";
import { openLauncher } from "../sandbox/open-launcher.ts";
import { execCommand } from "./commands/exec.ts";
import { listCommand, readCommand, writeCommand } from "./commands/files.ts";
import { systemInfoCommand } from "./commands/system-info.ts";
import { Executor } from "./executor.ts";
import type { NodeCommand } from "./node-command.ts";
import { NodeLink, type NodeLinkState } from "./node-link.ts";
import { OutputStream } from "./output-stream.ts";

export interface NodeOptions {
  readonly home: Home;
  readonly env: Environment;
  readonly config: ConfigStore;
  /** `ws://…/ws` */
  readonly center: string;
  /** The only certificate that the center may show, in PEM; without one, what the system trusts. */
  readonly certificate?: string | undefined;
  readonly name: string;
  readonly tags: readonly string[];
  readonly log: Log;
  readonly onState: (state: NodeLinkState) => void;
}

/** What stands in a frame besides the answer. */
const AROUND_ANSWER = 256;
const KEPT_PARTS_MS = 7 * 24 * 3_600_000;

/** Works until `signal` aborts. Rejects with `forbidden` when the center lets it in no more. */
export async function runNode(options: NodeOptions, signal: AbortSignal): Promise<void> {
  const { home, center, certificate, name, tags, log, onState } = options;
  await using stack = new AsyncDisposableStack();
  const key = await ensureSigningKey(join(home.credentials, "node.pem"));
  const transfers = join(home.run, "transfers");
  await removeOldParts(transfers, Date.now() - KEPT_PARTS_MS);
  const bootId = createId("boot");
  const output = stack.use(new OutputStream((call_id, content) => link.notify("node.output", { call_id, content })));
  const executor = new Executor({
    commands: await makeCommands(options, stack, transfers),
    policy: () => options.config.current.node,
    workspace: makeWorkspace(options),
    log,
    now: () => performance.now(),
    onOutput: (callId, content) => output.add(callId, content),
  });
  const hello = () => ({
    name,
    tags: [...tags],
    commands: [...executor.commands],
    platform: process.platform,
    arch: process.arch,
    version: VERSION,
    boot_id: bootId,
  });
  const answer = (method: string, params: unknown, most: number) =>
    answerCenter({ executor, output, most }, method, params);
  const way = { url: center, certificate, key };
  const link = new NodeLink({ ...way, hello, answer, onState, log, now: Date.now, random: Math.random });
  try {
    await link.run(signal);
  } finally {
    executor.stop("The node stops");
  }
}

interface Desk {
  readonly executor: Executor;
  readonly output: OutputStream;
  /** Bytes of a frame that the center takes. */
  readonly most: number;
}

/** The whole of what a center can ask. */
async function answerCenter({ executor, output, most }: Desk, method: string, params: unknown) {
  switch (method) {
    case "node.ping":
      return { running: executor.running };
    case "node.judge":
      return executor.judge(checked(nodeJudgeParams, params));
    case "node.call": {
      const call = checked(nodeCallParams, params);
      return fitting(await executor.call(call).finally(() => output.end(call.call_id)), most);
    }
    case "node.outcome": {
      const memory = await executor.outcome(checked(nodeCallName, params).call_id);
      return memory.state === "ended" ? { ...memory, answer: fitting(memory.answer, most) } : memory;
    }
    case "node.cancel":
      executor.cancel(checked(nodeCallName, params).call_id);
      return {};
    default:
      throw new AlephError("method_not_found", `A node has no method "${method.slice(0, 80)}"`);
  }
}

/** How the call ended is told in any case; what it gave only where that is no more than the center takes. */
function fitting(answer: NodeAnswer, most: number): NodeAnswer {
  const bytes = Buffer.byteLength(JSON.stringify(answer));
  if (bytes + AROUND_ANSWER <= most) return answer;
  const text = `It has ended, but its answer has ${bytes} bytes, and [gateway].max_payload of the center is ${most}. Ask for less at a time`;
  return { ok: answer.ok, text };
}

function checked<S extends z.ZodType>(schema: S, params: unknown): z.output<S> {
  const parsed = schema.safeParse(params);
  if (parsed.success) return parsed.data;
  throw new AlephError("invalid_params", "The center asks in a way that this node does not understand");
}

function makeWorkspace({ config, home }: NodeOptions): string {
  const path = config.current.node.workspace || join(home.workspaces, "node");
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return realpathSync(path);
}

async function makeCommands(
  { home, env, config: store, log }: NodeOptions,
  stack: AsyncDisposableStack,
  transfers: string,
): Promise<Readonly<Record<string, NodeCommand>>> {
  const config = () => store.current;
  const { launcher, sandbox } = openLauncher({ config, home, userHome: env.userHome, log });
  const files = createFiles({ home });
  const fileNeeds = { files, transfers };
  const commands = createCommandPolicy({ guarded: { home, userHome: env.userHome, pid: process.pid }, config });
  const jobs = stack.use(new Jobs({ launcher, now: Date.now, log }));
  return {
    exec: execCommand({ files, commands, launcher, jobs, config }),
    "file.read": readCommand(fileNeeds),
    "file.write": writeCommand(fileNeeds),
    "file.list": listCommand(fileNeeds),
    "system.info": systemInfoCommand(),
    ...(await makeBrowser()),
  };

  async function makeBrowser(): Promise<Readonly<Record<string, NodeCommand>>> {
    const onPath = (name: string) => Bun.which(name, { PATH: config().exec.path.join(":") });
    const { findChromium } = await import("../browser/chromium.ts");
    try {
      findChromium(config().tools.browser.executable, onPath);
    } catch (thrown) {
      if (!(thrown instanceof AlephError) || thrown.reason !== "not_found") throw thrown;
      return {};
    }
    const [{ Browsers }, { browserCommands }] = await Promise.all([
      import("../browser/browsers.ts"),
      import("./commands/browser.ts"),
    ]);
    const browsers = stack.use(
      new Browsers({
        config: () => config().tools.browser,
        sandbox,
        folder: join(home.run, "browsers"),
        onPath,
        lookup: lookupAll,
        log,
      }),
    );
    return browserCommands({ browsers, config });
  }
}
