/** The agents: what each may and with what it works; those of config.toml can be made, changed and removed. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import { createLoaded } from "./loaded.ts";
import type { Part, PartNeeds } from "./panel.ts";
import type { Phase } from "./phase.ts";

export type ShownAgent = Result<"agent.list">["agents"][number];
export type PromptReport = Result<"agent.prompt">;

/** What a person writes of one; empty is left to the server. */
export interface WantedAgent {
  readonly agent: string;
  readonly description: string;
  readonly model: string;
  readonly thinking: string;
  readonly workspace: string;
  readonly prompt: string;
  /** Null: all that are not denied; an empty list: none at all. */
  readonly allow: readonly string[] | null;
  readonly deny: readonly string[];
}

export interface Agents extends Part {
  /** Undefined until they are known. */
  readonly list: ReadonlySignal<readonly ShownAgent[] | undefined>;
  /** Names of all tools that there are. */
  readonly tools: ReadonlySignal<readonly string[]>;
  readonly phase: ReadonlySignal<Phase>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  /** Rejects with the server's reason, as all below. */
  save(wanted: WantedAgent): Promise<void>;
  remove(agent: string): Promise<void>;
  /** What its model is told before a conversation. */
  report(agent: string): Promise<PromptReport>;
  skills(agent: string): Promise<Result<"skills.list">["skills"]>;
}

export function createAgents({ call }: PartNeeds): Agents {
  const { value, phase, load, renew } = createLoaded(async () => {
    const [{ agents }, { tools }] = await Promise.all([call("agent.list", {}), call("tool.list", {})]);
    return { agents, tools: tools.map(({ name }) => name).toSorted() };
  });
  const patch = async (agent: string, table: Record<string, unknown> | null) => {
    await call("config.patch", { patch: { agents: { [agent]: table } } });
    await load();
  };
  return {
    list: computed(() => value.value?.agents),
    tools: computed(() => value.value?.tools ?? []),
    phase,
    load,
    renew,
    save: ({ agent, allow, deny, ...texts }) =>
      patch(agent, {
        ...Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, text.trim() === "" ? null : text])),
        tools:
          allow === null && deny.length === 0
            ? null
            : { allow: allow === null ? null : [...allow], deny: deny.length === 0 ? null : [...deny] },
      }),
    remove: (agent) => patch(agent, null),
    report: (agent) => call("agent.prompt", { agent }),
    async skills(agent) {
      return (await call("skills.list", { agent })).skills;
    },
    handle({ topic, data }) {
      if (topic === "config.changed" && "sections" in data && data.sections.includes("agents")) void renew();
    },
  };
}
