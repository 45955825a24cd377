/** `aleph status`: whether a server runs, where, and how it does. */
import { setTimeout as sleep } from "node:timers/promises";
import { originOf } from "../../client/address.ts";
import { findInstance } from "../../config/instance.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { EXIT } from "../exit-codes.ts";
import { homeOf, jsonFlag, serverFlags } from "../flags.ts";
import { formatBytes, formatDuration } from "../format.ts";
import { writeJson } from "../output.ts";
import { writeFacts } from "../table.ts";
import { findTarget } from "../target.ts";

export const status = defineCommand({
  summary: "Tell whether a server runs, where, and how it does",
  details: "Exit code 69 when none runs.",
  args: { ...jsonFlag, ...serverFlags },
  async run(args, invocation): Promise<number> {
    const { terminal, env, program } = invocation;
    const home = homeOf(args, env);
    if (findTarget(args, env) === undefined) {
      const instance = await findInstance(home);
      if (instance?.url === undefined) {
        if (args.json)
          writeJson(terminal.out, { running: false, home: home.path, ...(instance ? { used_by: instance.pid } : {}) });
        else {
          const by = instance ? `; a command (pid ${instance.pid}) uses the home` : "";
          terminal.out.write(`No server is running for ${home.path}${by}\n`);
          terminal.err.write(`${terminal.err.style.dim(`Start it with: ${program} serve`)}\n`);
        }
        return EXIT.unreachable;
      }
    }
    return withClient(args, invocation, ({ client, url }) => report(client, url, args.json === true, invocation), {
      serverOnly: true,
    });
  },
});

type Connected = Parameters<Parameters<typeof withClient>[2]>[0];

const MODELS_MS = 2_000;

async function report(
  client: Connected["client"],
  url = "",
  json: boolean,
  { terminal }: Parameters<typeof withClient>[1],
): Promise<number> {
  const [info, state, queue, approvals] = await Promise.all([
    client.call("system.info", {}),
    client.call("system.status", {}),
    client.call("runs.queue", {}),
    client.call("approvals.list", { status: "pending" }),
  ]);
  // Which model is the default may take a question to a provider; a status does not wait for that.
  const model = await Promise.race([
    client.call("models.config", {}).then((config) => config.default),
    sleep(MODELS_MS, undefined, { ref: false }),
  ]);
  const address = originOf(url);
  if (json) {
    writeJson(terminal.out, {
      running: true,
      url: address,
      ...info,
      ...state,
      pending_approvals: approvals.approvals.length,
      default_model: model ?? null,
    });
    return EXIT.ok;
  }
  const { out } = terminal;
  const { green, yellow, red } = out.style;
  out.write(`${green("●")} Aleph ${printableLine(info.version)} is running at ${address}\n`);
  writeFacts(out, [
    ["home", info.home],
    ["pid", info.pid],
    ["uptime", formatDuration(state.uptime_ms)],
    ["model", model],
    ["runs", `${state.runs_active} active, ${state.runs_queued} queued`],
    ["connections", state.connections],
    ["memory", formatBytes(state.memory.rss)],
    ["runtime", `Bun ${info.bun}, ${info.platform} ${info.arch}`],
    ["login", info.auth_mode === "none" ? "none, this machine only" : "token"],
  ]);
  for (const { session_key, active_run, queued_runs } of queue.sessions) {
    const waiting = queued_runs.length > 0 ? `, ${queued_runs.length} queued` : "";
    out.write(`  ${session_key}: ${active_run ?? "no active run"}${waiting}\n`);
  }
  const waiting = approvals.approvals.length;
  if (waiting > 0)
    out.write(
      `${yellow(`${waiting} ${waiting === 1 ? "approval waits" : "approvals wait"} for an answer: aleph approvals`)}\n`,
    );
  if (!state.storage.ok) out.write(`${red(`Storage: ${printableLine(state.storage.error ?? "failed")}`)}\n`);
  if (!state.config.ok)
    out.write(`${red("config.toml is not valid; the earlier config stays: aleph config validate")}\n`);
  return EXIT.ok;
}
