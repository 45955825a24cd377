/** A plugin's process: calls go in, answers come out, and neither hurts the server. */
import { AlephError } from "../../../protocol/errors.ts";
import type { ConfinedChild } from "../../../sandbox/confinement.ts";
import type { PluginCall, PluginExit, PluginProcess, ProcessHost, SandboxLevel } from "../../../sdk/runtime.ts";
import { Calls } from "./calls.ts";
import type { Initialize } from "./messages.ts";
import { Outbound } from "./outbound.ts";
import { OutputLog } from "./output-log.ts";
import { Pipe } from "./pipe.ts";

export interface NodejsProcessOptions {
  readonly child: ConfinedChild;
  readonly host: ProcessHost;
  readonly initialize: Initialize;
  readonly now: () => number;
}

/** From the start to the end of the entry's own code. */
const START_MS = 15_000;
/** From being told to stop to the signal that cannot be ignored. */
const STOP_GRACE_MS = 300;
/** Attempts of one process that are told. */
const MAX_DENIALS = 100;

export class NodejsProcess implements PluginProcess {
  readonly #o: NodejsProcessOptions;
  readonly #pipe: Pipe;
  readonly #calls: Calls;
  readonly #outbound: Outbound;
  readonly exited: Promise<PluginExit>;
  /** Why it was killed, when that was us. */
  #killed: string | undefined;
  #denials = 0;

  private constructor(options: NodejsProcessOptions) {
    const { child, host, initialize, now } = options;
    this.#o = options;
    const output = new OutputLog({ log: host.log, now });
    this.#pipe = new Pipe({
      child,
      output,
      now,
      maxAnswer: (id) => (this.#calls.has(id) ? host.limits.maxAnswer : undefined),
      onAnswer: (id, answer) => this.#calls.answer(id, answer),
      onTooLarge: (id) => this.#calls.tooLarge(id),
      onMessage: (method, params, id) => this.#take(method, params, id),
      onStuck: () => this.#kill("killed: it does not read what it is sent"),
    });
    this.#outbound = new Outbound({ door: host.network, pipe: this.#pipe });
    this.#calls = new Calls({
      plugin: initialize.plugin.id,
      pipe: this.#pipe,
      limits: host.limits,
      onHung: (why) => this.#kill(why),
    });
    this.exited = this.#live();
  }

  /** Resolves when the plugin takes calls. Rejects with `plugin_error` when its entry cannot be loaded. */
  static async start(options: NodejsProcessOptions): Promise<NodejsProcess> {
    const process = new NodejsProcess(options);
    try {
      await process.#initialize();
      return process;
    } catch (thrown) {
      await process[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  get pid(): number {
    return this.#o.child.pid;
  }

  get sandbox(): SandboxLevel {
    return this.#o.child.level;
  }

  call(call: PluginCall): Promise<unknown> {
    return this.#calls.call(call);
  }

  stream(call: PluginCall): AsyncIterable<unknown> {
    return this.#calls.stream(call);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#killed ??= "stopped";
    this.#pipe.notify("shutdown", {});
    const { child } = this.#o;
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
    await this.exited;
    clearTimeout(timer);
  }

  async #initialize(): Promise<void> {
    const { initialize, host } = this.#o;
    const { id } = initialize.plugin;
    const ready = await this.#calls.ask("initialize", initialize, START_MS).catch((thrown: unknown) => {
      throw describeStart(id, thrown);
    });
    const missing = (ready as { readonly missing?: unknown } | null)?.missing;
    if (Array.isArray(missing) && missing.length > 0) {
      host.log.warn("plugin lacks handlers that its manifest names", { handlers: missing.slice(0, 20).map(String) });
    }
  }

  async #live(): Promise<PluginExit> {
    const { child } = this.#o;
    const reading = this.#pipe.read();
    const { exitCode, signal } = await child.exited;
    // What is still in the pipes is read; a process that it left behind would hold them.
    this.#pipe.hurry();
    await reading;
    const reason = this.#killed ?? (signal === null ? `exited with code ${exitCode}` : describeSignal(signal));
    this.#outbound[Symbol.dispose]();
    await child[Symbol.asyncDispose]();
    this.#calls.crashed(reason);
    return { reason };
  }

  #kill(why: string): void {
    this.#killed ??= why;
    this.#o.child.kill("SIGKILL");
  }

  #take(method: string, params: Record<string, unknown>, id: number | undefined): boolean {
    const { host } = this.#o;
    switch (method) {
      case "part":
        return this.#calls.part(params);
      case "notify": {
        const { topic, data = null } = params;
        if (typeof topic !== "string" || topic.length > 200) return false;
        host.notify(topic, data);
        return true;
      }
      case "denied": {
        const { kind, target } = params;
        if (typeof target !== "string") return false;
        if (kind !== "filesystem" && kind !== "process" && kind !== "network") return false;
        if (++this.#denials <= MAX_DENIALS) host.denied(kind, target.slice(0, 1000));
        return true;
      }
      default:
        return this.#outbound.take(method, params, id);
    }
  }
}

/** How the engine ends when it cannot go on. */
const BREAKDOWNS = ["SIGABRT", "SIGTRAP", "SIGILL", "SIGSEGV", "SIGBUS"];

function describeSignal(signal: string): string {
  return `was ended by ${signal}${BREAKDOWNS.includes(signal) ? ", as happens at its memory limit" : ""}`;
}

/** What kept it from starting, with the place in its files. */
function describeStart(plugin: string, thrown: unknown): AlephError {
  const { reason, message, data } = AlephError.from(thrown);
  if (reason === "timeout") {
    return new AlephError("plugin_error", `Plugin "${plugin}" was not ready within ${START_MS / 1000} s`, {
      data: { plugin, code: "start", hint: "Its entry must call start() of the server that it creates" },
    });
  }
  if (data.code !== "start") return AlephError.from(thrown);
  const { file, line, column } = data as { file?: unknown; line?: unknown; column?: unknown };
  const hasPlace = typeof file === "string" && Number.isSafeInteger(line);
  const place = hasPlace ? { file: file.slice(0, 500), line, ...(Number.isSafeInteger(column) ? { column } : {}) } : {};
  const at = hasPlace ? ` (${Object.values(place).filter(Boolean).join(":")})` : "";
  return new AlephError("plugin_error", `Plugin "${plugin}" cannot be loaded: ${message}${at}`, {
    data: { plugin, code: "start", ...place },
  });
}
