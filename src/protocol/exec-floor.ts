/** Names of the rules by which commands are refused whatever anybody says: shown in a refusal, lifted in config.toml. */

/** `exec.allow_denied` may lift these: then a person is asked. */
export const LIFTABLE_RULES = [
  "privilege",
  "power",
  "disks",
  "raw_device",
  "system_removal",
  "system_ownership",
  "fork_bomb",
  "metadata",
  "server",
] as const;
export type LiftableRule = (typeof LIFTABLE_RULES)[number];

/** These stand: Aleph's own files and rules, and what nobody could judge. */
export type FixedRule = "own_files" | "own_commands" | "not_judgeable";

export type FloorRuleName = LiftableRule | FixedRule;
