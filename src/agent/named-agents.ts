/** What the model is told of the agents that subagents may be. */
import type { Config } from "../config/schema.ts";

export function namedAgents({ agents }: Pick<Config, "agents">, self: string): string {
  const others = Object.entries(agents).filter(([name, { description }]) => name !== self && description !== undefined);
  if (others.length === 0) return "";
  const lines = others.map(
    ([name, { description }]) => `- ${name}: ${description!.replace(/\s+/g, " ").slice(0, 300)}`,
  );
  return ["Agents that subagents may be:", ...lines].join("\n");
}
