/** The states of a plugin. */

/**
 * `pending`: waits for its owner's approval. `disabled`: its owner switched it off. `loaded`: fit to be used, its code not
 * started. `running`: in use. `stopped`: switched off by the config. `error`: cannot be used, or its new version cannot.
 */
export const PLUGIN_STATES = ["pending", "disabled", "loaded", "running", "stopped", "error"] as const;
export type PluginState = (typeof PLUGIN_STATES)[number];
