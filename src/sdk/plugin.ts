/** What a plugin says of itself, and a plugin that may be used. */
import type { PluginCall, PluginPrompt } from "./runtime.ts";

/** `system`: in every run. `tool`: with the plugin's tools. `standalone`: when asked for by name. `disabled`: never. */
export const PROMPT_SCOPES = ["system", "tool", "standalone", "disabled"] as const;
export type PromptScope = (typeof PROMPT_SCOPES)[number];

/** Exactly as written in the manifest; what is not named is not allowed. */
export interface PluginPermissions {
  /** `connect:https://api.example.com`, `connect:https://*.example.com:8443`, `connect:http://127.0.0.1:8080`, `connect:https://*` */
  readonly network: readonly string[];
  /** `read:./data`, `write:./output` (reading too); relative to the plugin's folder, `~/x` or absolute. */
  readonly filesystem: readonly string[];
  /** Names of variables. */
  readonly env: readonly string[];
}

/** What `aleph_plugin.toml` says, in camelCase; lists are empty rather than absent. */
export interface PluginManifest {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly author?: string | undefined;
  readonly kind: string;
  /** A path in the plugin's folder; there for kinds with code. */
  readonly entry?: string | undefined;
  /** The versions of Aleph that it works with, as a SemVer range. */
  readonly aleph?: string | undefined;
  /** `use` (default): started when it is first needed. `boot`: with the server; a service that starts by itself means that too. */
  readonly start: "use" | "boot";
  readonly permissions: PluginPermissions;
  /** `file` is a path in the plugin's folder. */
  readonly prompt?: { readonly file: string; readonly scope: PromptScope } | undefined;
  readonly tools: readonly PluginTool[];
  readonly hooks: readonly PluginHook[];
  readonly commands: readonly PluginCommand[];
  readonly services: readonly PluginService[];
  readonly channels: readonly PluginChannel[];
  readonly providers: readonly PluginProvider[];
  readonly httpRoutes: readonly PluginRoute[];
}

export interface PluginTool {
  /** As models see it: letters, digits, `_` and `-`, at most 64. */
  readonly name: string;
  readonly description: string;
  readonly handler: string;
  /** JSON Schema (2020-12) of the arguments object; they are checked before the call. Default: any object. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** A file in the plugin's folder whose text goes into runs where the tool may be used. */
  readonly instructionFile?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

export const HOOK_EVENTS = ["before_tool_call", "after_tool_call", "on_message", "on_response", "on_error"] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];
export const HOOK_KINDS = ["interceptor", "observer", "resolver"] as const;
export type HookKind = (typeof HOOK_KINDS)[number];
/** Lower runs earlier; within the same, in the order of registration. */
export const HOOK_PRIORITIES = { system: -1000, high: -100, normal: 0, low: 100 } as const;
export type HookPriority = keyof typeof HOOK_PRIORITIES;

export interface PluginHook {
  readonly event: HookEvent;
  readonly kind: HookKind;
  readonly priority: HookPriority;
  readonly handler: string;
  readonly timeoutMs?: number | undefined;
}

export interface PluginCommand {
  readonly name: string;
  readonly description: string;
  readonly handler: string;
}

export interface PluginService {
  readonly name: string;
  readonly description: string;
  readonly startHandler: string;
  readonly stopHandler: string;
  readonly autoStart: boolean;
}

export interface PluginChannel {
  readonly name: string;
  readonly description: string;
  readonly connectHandler: string;
  readonly disconnectHandler: string;
  readonly sendHandler: string;
  /** Changes what a message says; without it answers come at their end. */
  readonly editHandler?: string | undefined;
  /** Shows that an answer is being written. */
  readonly typingHandler?: string | undefined;
  /** Reacts to a message. */
  readonly reactHandler?: string | undefined;
  /** Characters of one message. Default: as many as one can have. */
  readonly messageLimit?: number | undefined;
  /** Milliseconds between two changes of one message. Default: a second. */
  readonly editMs?: number | undefined;
  /** Whether it shows buttons below a message, and tells which was pressed. */
  readonly buttons: boolean;
  /** Whether it sends files. */
  readonly files?: boolean | undefined;
  /** Gives the bytes of a file that came with a message; without it messages have none. */
  readonly loadHandler?: string | undefined;
  /** Whether several tables may be open over it at a time. */
  readonly accounts?: boolean | undefined;
}

export interface PluginProvider {
  readonly name: string;
  readonly description: string;
  readonly listModelsHandler: string;
  readonly chatHandler: string;
  readonly streamHandler?: string | undefined;
  readonly embedHandler?: string | undefined;
}

export interface PluginRoute {
  /** `GET`, `POST`, … in capitals. */
  readonly method: string;
  /** Begins with `/`; below `/plugins/<id>`. */
  readonly path: string;
  readonly handler: string;
  /** `token` (default): as any method. `public`: anyone. `signature`: the body is signed with a secret. */
  readonly auth: "token" | "public" | "signature";
  /** For `signature`. */
  readonly signature?: RouteSignature | undefined;
  /** Bytes. */
  readonly maxBody?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

/** HMAC-SHA-256 over the body as it came, in hexadecimal, after `prefix` (GitHub: `x-hub-signature-256`, `sha256=`). */
export interface RouteSignature {
  readonly header: string;
  readonly prefix: string;
  /** The name of a variable of `env` that holds the secret. */
  readonly secret: string;
}

/** A plugin that is approved, switched on and fit to be used. */
export interface ActivePlugin {
  readonly manifest: PluginManifest;
  /** Its files, as they were approved where that was needed. */
  readonly folder: string;
  readonly prompts: readonly PluginPrompt[];
  /** Texts of the instruction files, by the name of the tool. */
  readonly instructions: Readonly<Record<string, string>>;
  /** Starts its code when that is not running. Throws as `PluginProcess.call`, and `plugin_error` when it cannot be started. */
  call(call: PluginCall): Promise<unknown>;
  stream(call: PluginCall): AsyncIterable<unknown>;
  /** Called with what its code sends without being asked, until disposed. */
  onNotify(listener: (topic: string, data: unknown) => void): Disposable;
  /** Called whenever its process has ended, until disposed; whoever needs it running calls again. */
  onExit(listener: (reason: string) => void): Disposable;
  /** The variables that the manifest names and that exist. */
  readonly env: Readonly<Record<string, string>>;
}

/** The plugins that may be used now. */
export interface ActivePlugins {
  /** In the order of their ids; the same objects until something about them changes. */
  current(): Promise<readonly ActivePlugin[]>;
  /**
   * Called after a plugin came, went or was replaced, until disposed. What went takes calls until the promises of all
   * listeners have settled, for a few seconds at most, so that what ran in it can be stopped; they may ask `current`.
   */
  onChange(listener: () => void | Promise<void>): Disposable;
}
