/** What a look at a plugin found. */

export interface Finding {
  /** What is an error keeps the plugin from working; what is a warning may. */
  readonly level: "error" | "warning";
  readonly message: string;
}

export function finding(level: Finding["level"], message: string): Finding {
  return { level, message };
}
