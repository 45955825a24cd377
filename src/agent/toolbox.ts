/** The tools of an agent: which it may use, what the model is told of them, and the way to call one. */
import { mkdirSync, realpathSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import type { Home } from "../config/home.ts";
import type { Config } from "../config/schema.ts";
import type { Log } from "../lib/log.ts";
import type { Gate, ToolOutcome } from "../policy/gate.ts";
import { AlephError } from "../protocol/errors.ts";
import type { Grant } from "../protocol/identity.ts";
import type { ToolSpec } from "../sdk/provider.ts";
import type { AnyTool, ForeignTool, Prepared, ToolContext, ToolSource } from "../sdk/tool.ts";
import type { SessionTools } from "../session/sessions.ts";
import { slimSchema } from "./slim-schema.ts";

export interface ToolDescription extends ToolSpec {
  readonly parallel: boolean;
  readonly parameters: Record<string, unknown>;
}

type Schema = Record<string, unknown>;

export interface WantedCall {
  readonly tool: string;
  readonly args: unknown;
  readonly callId: string;
}

/** On whose behalf and where a tool is called. */
export interface CallScope {
  readonly agent: string;
  readonly sessionKey: string;
  readonly runId: string | null;
  readonly grant: Grant;
  readonly signal: AbortSignal;
  /** Ends what waits for a person, and lets what works finish. */
  readonly cancel?: AbortSignal;
  /** As in `ToolContext`; no when left out: what a person calls by hand no page has asked for. */
  readonly tainted?: boolean;
  readonly sessionTools: SessionTools | null;
  readonly progress?: (text: string) => void;
}

export interface ToolboxOptions {
  readonly tools: Readonly<Record<string, () => Promise<AnyTool>>>;
  /** Tools that come from elsewhere, in this order; a name that is taken already is left out. */
  readonly sources: readonly ToolSource[];
  readonly gate: Gate;
  /** What the tools need, all together; made at the first call. */
  readonly needs: () => Promise<object>;
  readonly config: () => Config;
  readonly home: Home;
  readonly log: Log;
}

export class Toolbox {
  readonly #options: ToolboxOptions;
  readonly #parameters = new WeakMap<AnyTool, { readonly whole: Schema; readonly brief: Schema }>();

  readonly #loaded = new Map<string, AnyTool>();

  constructor(options: ToolboxOptions) {
    this.#options = options;
  }

  /**
   * What this agent may use in this session, in a stable order; `brief` with no more in the schemas than a model needs, `all`
   * also with what the config does not have the keys for. Throws `not_found` for an unknown agent.
   */
  async specs(
    agent: string,
    sessionTools: SessionTools | null,
    which: "usable" | "brief" | "all" = "usable",
  ): Promise<ToolDescription[]> {
    const config = this.#options.config();
    assertAgent(config, agent);
    const mayUse = (name: string) => permits(config.agents[agent]?.tools, name) && permits(sessionTools, name);
    const names = Object.keys(this.#options.tools).filter(mayUse);
    const [{ toJSONSchema }, foreign] = await Promise.all([import("zod"), this.#foreign()]);
    const own = await Promise.all(
      names.map(async (name) => {
        const tool = await this.#load(name);
        if (which !== "all" && !hasAll(config, tool.requires)) return [];
        let schemas = this.#parameters.get(tool);
        if (!schemas) {
          const { $schema: _, ...whole } = toJSONSchema(tool.params, { io: "input" });
          schemas = { whole, brief: slimSchema(whole) };
          this.#parameters.set(tool, schemas);
        }
        const parameters = which === "brief" ? schemas.brief : schemas.whole;
        return [{ name: tool.name, description: tool.description, parallel: tool.parallel, parameters }];
      }),
    );
    const others = foreign.filter(({ name }) => mayUse(name));
    return [
      ...own.flat(),
      ...others.map(({ name, description, parallel, parameters: { $schema: _, ...parameters } }) => ({
        name,
        description,
        parallel,
        parameters,
      })),
    ];
  }

  /** Never throws for what the tool does; throws `not_found` for an unknown agent. */
  async call({ tool: name, args, callId }: WantedCall, scope: CallScope): Promise<ToolOutcome> {
    const tool = await this.#find(name);
    if (!tool) return { status: "error", text: `There is no tool "${name}"`, durationMs: 0 };
    if (!this.#mayUse(name, scope.agent, scope.sessionTools)) {
      return { status: "denied", text: `Tool "${name}" is not allowed here`, durationMs: 0 };
    }
    if (scope.grant.guest && (!scope.grant.guest.tools.includes(name) || isOwnerOnly(tool))) {
      return { status: "denied", text: `Tool "${name}" is not for this guest`, durationMs: 0 };
    }
    return this.#options.gate.call(tool, args, this.#context(scope, callId));
  }

  /** The names that an invite may hold. */
  async offeredToGuests(): Promise<readonly string[]> {
    const own = await Promise.all(Object.keys(this.#options.tools).map((name) => this.#load(name)));
    const foreign = await this.#foreign();
    return [...own.filter((tool) => !isOwnerOnly(tool)), ...foreign].map(({ name }) => name);
  }

  /** What a call would do and whether it may, without doing it. */
  async explain(
    name: string,
    args: unknown,
    { agent, grant, signal }: Pick<CallScope, "agent" | "grant" | "signal">,
  ): Promise<Prepared> {
    const tool = await this.#load(name);
    const context = this.#context(
      { agent, grant, signal, sessionKey: `agent:${agent}:main`, runId: null, sessionTools: null },
      "explain",
    );
    return tool.prepare(await this.#options.needs(), tool.params.parse(args), context);
  }

  /**
   * The agent's folder, made if it is missing; links resolved. Throws `not_found` for an agent that is not configured, and
   * `storage_failed` where there can be none.
   */
  workspace(agent: string): string {
    assertAgent(this.#options.config(), agent);
    const path = this.workspacePath(agent);
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return realpathSync(path);
    } catch (thrown) {
      throw this.#noWorkspace(agent, thrown);
    }
  }

  /** The same, neither made nor looked for. */
  workspacePath(agent: string): string {
    const { config, home } = this.#options;
    const configured = config().agents[agent]?.workspace;
    if (configured === undefined) return join(home.workspaces, agent);
    return isAbsolute(configured) ? configured : resolve(home.path, configured);
  }

  #noWorkspace(agent: string, thrown: unknown): AlephError {
    const error = AlephError.from(thrown);
    if (error.reason !== "internal") return error;
    const isOwn = this.#options.config().agents[agent]?.workspace !== undefined;
    const where = isOwn ? `workspace in [agents.${agent}] of config.toml` : `workspaces/${agent} in ALEPH_HOME`;
    return new AlephError("storage_failed", `The workspace of agent "${agent}" cannot be used`, {
      cause: thrown,
      data: { code: (thrown as NodeJS.ErrnoException).code, hint: `Make ${where} a folder that Aleph may write to` },
    });
  }

  #context(
    { agent, sessionKey, runId, grant, signal, cancel, tainted = false, progress }: CallScope,
    callId: string,
  ): ToolContext {
    return {
      workspace: this.workspace(agent),
      agent,
      sessionKey,
      runId,
      callId,
      identity: grant.identity,
      tainted,
      signal,
      ...(cancel ? { waiting: AbortSignal.any([signal, cancel]) } : {}),
      log: this.#options.log.child({ call_id: callId, run_id: runId }),
      progress: progress ?? ignore,
    };
  }

  async #load(name: string): Promise<AnyTool> {
    const known = this.#loaded.get(name);
    if (known) return known;
    const loader = Object.hasOwn(this.#options.tools, name) ? this.#options.tools[name] : undefined;
    if (!loader)
      throw new AlephError("not_found", `No tool "${name}"`, { data: { hint: "tool.list shows those that exist" } });
    const tool = await loader();
    // An import costs, also of what is there: all of them are asked for at each turn.
    this.#loaded.set(name, tool);
    return tool;
  }

  async #find(name: string): Promise<AnyTool | ForeignTool | undefined> {
    if (Object.hasOwn(this.#options.tools, name)) return this.#load(name);
    return (await this.#foreign()).find((tool) => tool.name === name);
  }

  /** The first of each name. */
  async #foreign(): Promise<readonly ForeignTool[]> {
    const { sources, tools } = this.#options;
    const found = (await Promise.all(sources.map((source) => source.tools()))).flat();
    const taken = new Set(Object.keys(tools));
    return found.filter(({ name }) => !taken.has(name) && taken.add(name));
  }

  #mayUse(name: string, agent: string, session: SessionTools | null): boolean {
    const ofAgent = this.#options.config().agents[agent]?.tools;
    return permits(ofAgent, name) && permits(session, name);
  }
}

function isOwnerOnly(tool: AnyTool | ForeignTool): boolean {
  return "ownerOnly" in tool && tool.ownerOnly === true;
}

/** Throws `not_found` unless the agent is `main` or has a table; `config` is the one with the agents of files. */
export function assertAgent(config: Config, agent: string): void {
  if (agent === "main" || Object.hasOwn(config.agents, agent)) return;
  const hint = `Add [agents.${agent}] to config.toml, or agents/${agent}.md to the home`;
  throw new AlephError("not_found", `No agent "${agent}"`, { data: { hint } });
}

/** Whether each key, such as `models.image`, is set. */
function hasAll(config: Config, keys: readonly string[] = []): boolean {
  return keys.every((key) => {
    let value: unknown = config;
    for (const part of key.split(".")) {
      value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[part] : undefined;
    }
    return value !== undefined;
  });
}

function permits(
  rule:
    | { readonly allow?: readonly string[] | undefined; readonly deny?: readonly string[] | undefined }
    | null
    | undefined,
  name: string,
): boolean {
  return !rule?.deny?.includes(name) && (rule?.allow === undefined || rule.allow.includes(name));
}

function ignore(): void {}
