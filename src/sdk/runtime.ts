/** What a plugin runtime is: what carries the plugins of one kind. */

/** `system`: in every run. `tool`: with the plugin's tools. `standalone`: when asked for by name. `disabled`: never. */
export const PROMPT_SCOPES = ["system", "tool", "standalone", "disabled"] as const;
export type PromptScope = (typeof PROMPT_SCOPES)[number];

/** What a plugin says of itself in `aleph_plugin.toml`. */
export interface PluginManifest {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly author?: string | undefined;
  readonly kind: string;
  /** `file` is a path in the plugin's folder. */
  readonly prompt?: { readonly file: string; readonly scope: PromptScope } | undefined;
}

export interface PluginHost {
  /**
   * The text of a file in the plugin's folder. Rejects with `plugin_error` for a path that leads out of it or through a
   * link, and for what is no text of a moderate size. When the file changes, the plugin is opened anew.
   */
  readFile(path: string): Promise<string>;
}

export interface PluginPrompt {
  readonly scope: "system" | "standalone";
  readonly text: string;
}

/** Open until disposed. */
export interface OpenPlugin extends AsyncDisposable {
  readonly prompts: readonly PluginPrompt[];
}

export interface Runtime<Kind extends string> {
  /** What `kind` in the manifest names. */
  readonly kind: Kind;
  /** Resolves when the plugin is ready. Rejects with `plugin_error` when it cannot be used. */
  open(manifest: PluginManifest, host: PluginHost): Promise<OpenPlugin>;
}

export function defineRuntime<const Kind extends string>(runtime: Runtime<Kind>): Runtime<Kind> {
  return runtime;
}
