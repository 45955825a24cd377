/** What a plugin runtime is: what carries the plugins of one kind. */
import type { Log } from "../lib/log.ts";
import type { PluginManifest } from "./plugin.ts";

export interface PluginHost {
  /**
   * The text of a file in the plugin's folder. Rejects with `plugin_error` for a path that leads out of it or through a
   * link, and for what is no text of a moderate size. When the file changes, the plugin is opened anew.
   */
  readFile(path: string): Promise<string>;
}

export interface PluginPrompt {
  /** `tool` goes into a run in which one of the plugin's tools may be used. */
  readonly scope: "system" | "tool" | "standalone";
  readonly text: string;
}

/** Open until disposed; nothing of it runs before `start`. */
export interface OpenPlugin extends AsyncDisposable {
  readonly prompts: readonly PluginPrompt[];
  /** Absent when the plugin has no code. Resolves when it takes calls; rejects with `plugin_error`. */
  start?(host: ProcessHost): Promise<PluginProcess>;
}

/** What a plugin's running code may ask of the server. The rules of the manifest are checked here, not by the plugin. */
export interface ProcessHost {
  readonly log: Log;
  /** Absolute, real path of the folder that the plugin runs from. */
  readonly folder: string;
  /** Absolute path of a folder of its own, there and writable, that outlives it: ALEPH_HOME/run/plugins/<id>. */
  readonly privateFolder: string;
  /** Real paths that it may read and write besides, from `filesystem`; what it may write it may read. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** The variables that `env` names and that exist, with their values. Nothing else of the environment reaches it. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether it may run without a sandbox where there is none: the owner wrote so by hand. */
  readonly mayRunUnsandboxed: boolean;
  readonly limits: ProcessLimits;
  readonly network: NetworkDoor;
  /** What it sent without being asked: a message from a channel, the state of a service. Must not throw. */
  notify(topic: string, data: unknown): void;
  /** It tried what it may not. `kind` as in the manifest; an event and a row of the audit come of it. */
  denied(kind: "network" | "filesystem" | "env" | "process", target: string): void;
}

export interface ProcessLimits {
  readonly memoryBytes: number;
  /** Of one call that does not name its own. */
  readonly timeoutMs: number;
  /** Bytes of one answer. */
  readonly maxAnswer: number;
}

/** The way to the network for a plugin that has none of its own: each request is judged, and so is each redirect. */
export interface NetworkDoor {
  /** Throws `forbidden` for what the manifest does not name, `not_found` when nothing answers, `timeout`. The body is a stream. */
  fetch(request: OutboundRequest, signal: AbortSignal): Promise<Response>;
  /** Resolves when the socket is open. Throws as `fetch`. `wss` and `ws` URLs, judged by the rules of https and http. */
  connect(
    url: string,
    protocols: readonly string[],
    signal: AbortSignal,
    headers?: OutboundRequest["headers"],
  ): Promise<WebSocket>;
}

export interface OutboundRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Uint8Array;
  /** Default: `follow`. */
  readonly redirect?: "follow" | "manual" | "error";
}

export interface PluginCall {
  /** As the manifest names it. */
  readonly handler: string;
  /** Plain JSON: what the handler gets as its first argument. */
  readonly args: unknown;
  /** Plain JSON: who calls and where, the handler's second argument. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  /** Default: that of the limits. When it is over, the call rejects with `timeout`; code that goes on all the same is killed. */
  readonly timeoutMs?: number;
}

/** A plugin's code under way in a child process. Disposing ends it and whatever it started; it never rejects. */
export interface PluginProcess extends AsyncDisposable {
  readonly pid: number;
  /** The level of confinement that it really has. */
  readonly sandbox: SandboxLevel;
  /**
   * What the handler returned, plain JSON. Rejects with `plugin_error` and `data {plugin, code}` (`handler`: it threw, with its
   * message; `crashed`; `protocol`: its answer was none; `too_large`), `timeout`, or `cancelled` when `signal` aborted.
   */
  call(call: PluginCall): Promise<unknown>;
  /**
   * What the handler yields, in order. Ends and rejects as `call`, with `timeout` when it is waited for that long for one
   * part; breaking out of it tells the plugin.
   */
  stream(call: PluginCall): AsyncIterable<unknown>;
  /** Resolves when it has ended, whoever ended it. */
  readonly exited: Promise<PluginExit>;
}

export interface PluginExit {
  /** In words, for the log and for the person: `exited with code 1`, `killed: over its memory limit`. */
  readonly reason: string;
}

/** `kernel`: Landlock and seccomp, or the system's own profile. `namespace`: bubblewrap. `none`: only this user's rights. */
export const SANDBOX_LEVELS = ["kernel", "namespace", "none"] as const;
export type SandboxLevel = (typeof SANDBOX_LEVELS)[number];

export interface Runtime<Kind extends string> {
  /** What `kind` in the manifest names. */
  readonly kind: Kind;
  /** Resolves when the plugin can be started. Rejects with `plugin_error` when it cannot be used. */
  open(manifest: PluginManifest, host: PluginHost): Promise<OpenPlugin>;
}

export function defineRuntime<const Kind extends string>(runtime: Runtime<Kind>): Runtime<Kind> {
  return runtime;
}
