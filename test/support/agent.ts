/** The agent with all its real parts on a disk of its own, a fake provider, and plugins whose code is functions of the test. */
import { Compactions } from "../../src/agent/compactions.ts";
import { Runner, type RunnerOptions } from "../../src/agent/runner.ts";
import { SubagentRuns } from "../../src/agent/subagents.ts";
import { Toolbox } from "../../src/agent/toolbox.ts";
import { openBus } from "../../src/bus/bus.ts";
import { Cassettes } from "../../src/cassette/cassettes.ts";
import { CommandParts } from "../../src/command-parts.ts";
import { ensureHome, homeAt } from "../../src/config/home.ts";
import type { Config } from "../../src/config/schema.ts";
import { createMedia, createMemoryShelf } from "../../src/media/media.ts";
import { PluginHooks } from "../../src/plugin/hooks.ts";
import { pluginPrompts } from "../../src/plugin/prompts.ts";
import { PluginTools } from "../../src/plugin/tools.ts";
import { Approvals } from "../../src/policy/approvals.ts";
import { createGate } from "../../src/policy/gate.ts";
import type { EventFrame } from "../../src/protocol/event-frame.ts";
import { type Grant, OWNER_GRANT } from "../../src/protocol/identity.ts";
import type { RunParams } from "../../src/protocol/run.ts";
import { readHistory } from "../../src/session/messages.ts";
import { OpenQuestions } from "../../src/session/questions.ts";
import { Runs } from "../../src/session/runs.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { createStores } from "../../src/session/stores.ts";
import { openStore } from "../../src/store/store.ts";
import { tools } from "../../src/tools/index.ts";
import { Ledger } from "../../src/usage/ledger.ts";
import { activePlugins, type TestPlugin } from "./active-plugins.ts";
import { testFolder } from "./folder.ts";
import { testLog } from "./log.ts";
import { configOf, createModels } from "./providers/models.ts";
import { startOpenAiFake } from "./providers/openai.ts";
import { until } from "./until.ts";

export const MAIN = "agent:main:main";

export interface AgentOptions {
  readonly plugins?: readonly TestPlugin[];
  readonly agents?: Config["agents"];
  readonly limits?: Config["limits"];
  /** Whether every run is recorded. */
  readonly record?: boolean;
}

export async function testAgent({ plugins: given = [], agents = {}, limits, record = false }: AgentOptions = {}) {
  await using stack = new AsyncDisposableStack();
  /** For what is opened at its first use. */
  const later = stack.use(new AsyncDisposableStack());
  const folder = stack.use(await testFolder());
  const fake = stack.use(startOpenAiFake());
  const home = homeAt(folder.path);
  ensureHome(home);
  const { log, entries } = testLog();
  const tables = { fake: { type: "openai-compatible", base_url: fake.url, models: ["m"] } };
  const table: Config = {
    ...configOf({ providers: tables, models: { default: "fake/m" } }),
    agents,
    ...(limits ? { limits } : {}),
  };
  const config = () => table;
  const now = () => Date.now();
  const monotonic = () => performance.now();
  const store = stack.use(openStore(home.database, { log }));
  const bus = stack.use(openBus({ store, log, now }));
  const stores = createStores(store, () => later.use(openStore(":memory:", { log })));
  const sessions = new Sessions({ stores, bus, now });
  const runs = new Runs({ stores });
  const media = createMedia({ durable: createMemoryShelf(), ephemeral: createMemoryShelf() });
  const plugins = activePlugins(...given);
  const hooks = stack.use(new PluginHooks({ plugins, log }));
  const commands: CommandParts = new CommandParts({
    plugins,
    needs: () => ({ ...options, models, usage, runner, approvals, compactions }),
  });
  const approvals = new Approvals({ stores, bus, log, now });
  const needs = async () => ({ now, subagents });
  const gate = createGate({ approvals, needs, hooks, log, config });
  const toolbox = new Toolbox({
    tools,
    sources: [new PluginTools({ plugins, media })],
    gate,
    needs,
    config,
    home,
    log,
  });
  const usage = stack.use(new Ledger({ store, config, log, now, timeZone: () => "UTC" }));
  const promptsOf: RunnerOptions["pluginPrompts"] = (run) => pluginPrompts(plugins, run);
  const cassettes = new Cassettes({
    logs: home.logs,
    secrets: async () => [],
    stores,
    runs,
    bus,
    media,
    deps: { toolbox, config, pluginPrompts: promptsOf, monotonic },
    openMemory: () => openStore(":memory:", { log }),
    log,
  });
  const models = createModels({ providers: tables, models: { default: "fake/m" } });
  const options: RunnerOptions = {
    models,
    toolbox,
    bus,
    usage,
    config,
    now,
    monotonic,
    pluginPrompts: promptsOf,
    hooks,
    commands,
    timeZone: () => "UTC",
    questions: new OpenQuestions({ bus, now }),
    attachments: async () => [],
    tape: async (deps, run) => (record ? cassettes.tape(deps, run) : [deps, run]),
    stores,
    sessions,
    runs,
    media,
    log,
  };
  const runner: Runner = new Runner(options);
  const compactions = new Compactions({ ...options, models, load: runner });
  const subagents = stack.use(new SubagentRuns({ runner, runs, sessions, stores, toolbox, config, log, now }));
  const events: EventFrame[] = [];
  bus.attach({ deliver: ({ event }) => void events.push(event) });
  await bus.start();
  stack.defer(() => runner.drain(1000));
  const owned = stack.move();
  return {
    fake,
    plugins,
    runner,
    runs,
    stores,
    bus,
    log,
    cassettes,
    toolbox,
    approvals,
    media,
    commands,
    store,
    events,
    warned: () => entries.filter(({ level }) => level === "warn").map(({ message }) => message),
    failed: () => entries.filter(({ level }) => level === "error").map(({ message }) => message),
    /** Another one over the same disk, as after a restart. */
    restarted: () => new Runner(options),
    async send(message: string, params: Partial<RunParams> = {}, grant: Grant = OWNER_GRANT) {
      const { run_id } = await runner.start({ message, ...params }, grant);
      return runner.wait(run_id, new AbortController().signal);
    },
    /** Role, text and status of each message. */
    history(sessionKey = MAIN) {
      const session = sessions.find(sessionKey);
      const { messages } = session ? readHistory(store.db, session.id, { limit: 100 }) : { messages: [] };
      return messages.map(({ role, content, status }) => `${role} ${status}: ${content}`);
    },
    session: (sessionKey = MAIN) => sessions.get(sessionKey),
    /** Topics of one run, and what they say. */
    told: (topic: string) =>
      events.filter((event) => event.topic === topic).map(({ data }) => data as Record<string, unknown>),
    until: (topic: string) => until(() => events.some((event) => event.topic === topic)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
