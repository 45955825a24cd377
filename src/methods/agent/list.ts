import { existsSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { Toolbox } from "../../agent/toolbox.ts";
import type { ConfigStore } from "../../config/config.ts";
import type { Config } from "../../config/schema.ts";
import { THINKING_LEVELS } from "../../protocol/message.ts";
import { defineMethod } from "../../sdk/method.ts";

const names = z.array(z.string());

export const agentList = defineMethod({
  name: "agent.list",
  summary: "List the agents: those of config.toml, those of files, and main, which is always there",
  scope: "read",
  params: z.strictObject({}),
  result: z.object({
    agents: z.array(
      z.object({
        agent: z.string(),
        /** `built_in`: nobody wrote anything of it. */
        from: z.enum(["config", "file", "built_in"]),
        description: z.string().nullable(),
        /** Null: the default model. */
        model: z.string().nullable(),
        thinking: z.enum(THINKING_LEVELS).nullable(),
        prompt: z.string().nullable(),
        prompt_files: names,
        workspace: z.string(),
        /** Whether the folder is there; it is made with the first run. */
        workspace_exists: z.boolean(),
        /** Null: all that are not denied. */
        allow: names.nullable(),
        deny: names,
      }),
    ),
  }),
  handle({
    config,
    configWithAgents,
    toolbox,
    home,
  }: {
    config: Pick<ConfigStore, "current">;
    configWithAgents: () => Config;
    toolbox: Pick<Toolbox, "workspacePath">;
    home: string;
  }) {
    const { agents } = configWithAgents();
    const ids = [...new Set(["main", ...Object.keys(agents)])];
    return {
      agents: ids.map((agent) => {
        const table = agents[agent] ?? {};
        const isFile = existsSync(join(home, "agents", `${agent}.md`));
        const from = Object.hasOwn(config.current.agents, agent) ? "config" : isFile ? "file" : "built_in";
        const workspace = toolbox.workspacePath(agent);
        return {
          agent,
          from: from as "config" | "file" | "built_in",
          description: table.description ?? null,
          model: table.model ?? null,
          thinking: table.thinking ?? null,
          prompt: table.prompt ?? null,
          prompt_files: [...(table.prompt_files ?? [])],
          workspace,
          workspace_exists: existsSync(workspace),
          allow: table.tools?.allow ? [...table.tools.allow] : null,
          deny: [...(table.tools?.deny ?? [])],
        };
      }),
    };
  },
});
