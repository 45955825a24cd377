/** What the owner of a node lets a center do there. It makes a judgement stricter, never milder. */
import { compileGlob } from "../lib/glob.ts";
import type { PreparedCommand } from "./node-command.ts";

export interface NodePolicy {
  /** Globs of commands that may be called. */
  readonly commands: readonly string[];
  /** Globs of commands that need a person's word each time. */
  readonly ask: readonly string[];
  readonly read_only: boolean;
}

export function permits({ commands }: NodePolicy, command: string): boolean {
  return matchesAny(commands, command);
}

export function judgeByPolicy(policy: NodePolicy, command: string, prepared: PreparedCommand): PreparedCommand {
  if (!permits(policy, command)) {
    return deny(prepared, `This node does not let "${command}" be called`, "node_commands");
  }
  if (policy.read_only && !prepared.looks) {
    return deny(prepared, "This node lets nothing be called that does more than look", "node_read_only");
  }
  if (prepared.tier === "allow" && matchesAny(policy.ask, command)) {
    // What a person grants for always would be no question each time.
    return { ...prepared, tier: "ask", reason: `${prepared.reason}. This node asks each time`, pattern: null };
  }
  return prepared;
}

function deny(prepared: PreparedCommand, reason: string, rule: string): PreparedCommand {
  return { ...prepared, tier: "deny", reason, rule };
}

function matchesAny(globs: readonly string[], command: string): boolean {
  return globs.some((glob) => compileGlob(glob)(command));
}
