/** Everything behind the port: the parts that answer, put together. Reads top to bottom as start order. */

import { A2aParts } from "./a2a-parts.ts";
import { withAgentFiles } from "./agent/agent-files.ts";
import type { LoopDeps } from "./agent/loop.ts";
import { Runner } from "./agent/runner.ts";
import { SubagentRuns } from "./agent/subagents.ts";
import { TokenScales } from "./agent/tokens.ts";
import { Toolbox } from "./agent/toolbox.ts";
import { GUEST_METHODS } from "./auth/guest-methods.ts";
import { openBus } from "./bus/bus.ts";
import { Interfaces } from "./channel/interfaces.ts";
import { channelMachine } from "./channel-machine.ts";
import { type ChannelNeeds, channels } from "./channels/index.ts";
import { ChatParts } from "./chat-parts.ts";
import { ClusterParts } from "./cluster/cluster-parts.ts";
import { CommandParts } from "./command-parts.ts";
import type { Completion } from "./completion/completion.ts";
import { KnownSecrets } from "./config/known-secrets.ts";
import type { Core, CoreOptions } from "./core-options.ts";
import { CronParts } from "./cron-parts.ts";
import { createDispatch } from "./gateway/dispatch.ts";
import { gauges } from "./gateway/gauges.ts";
import { Metrics } from "./gateway/metrics.ts";
import { middleware } from "./gateway/middleware/index.ts";
import { describeMethods } from "./gateway/openrpc.ts";
import { Generations } from "./generation/generations.ts";
import { Voice } from "./generation/voice.ts";
import { describeError } from "./lib/log.ts";
import { once } from "./lib/once.ts";
import { startStallMonitor } from "./lib/stall-monitor.ts";
import { McpParts } from "./mcp-parts.ts";
import { createMediaLinks } from "./media/links.ts";
import { createDiskShelf, createMedia, createMemoryShelf } from "./media/media.ts";
import { MemoryParts } from "./memory-parts.ts";
import { methods, type Needs } from "./methods/index.ts";
import { openModelParts } from "./model-parts.ts";
import { openAuth } from "./open-auth.ts";
import { openCassettes } from "./open-cassettes.ts";
import { openDoctor } from "./open-doctor.ts";
import { createInstaller, openPlugins } from "./open-plugins.ts";
import { openSkills } from "./open-skills.ts";
import { servedFiles } from "./panel/served-files.ts";
import { PluginHooks } from "./plugin/hooks.ts";
import { pluginPrompts } from "./plugin/prompts.ts";
import { PluginTools } from "./plugin/tools.ts";
import { PluginParts } from "./plugin-parts.ts";
import { Approvals } from "./policy/approvals.ts";
import { openAudit } from "./policy/audit/open-audit.ts";
import { createGate } from "./policy/gate.ts";
import type { Issue } from "./protocol/errors.ts";
import { TOPICS } from "./protocol/event-frame.ts";
import { providers } from "./providers/index.ts";
import { runMedia } from "./run-media.ts";
import { endSession } from "./session/end-session.ts";
import { createKeptResults } from "./session/kept-results.ts";
import { OpenQuestions } from "./session/questions.ts";
import { createRunLimit } from "./session/run-limit.ts";
import { Runs } from "./session/runs.ts";
import { Sessions } from "./session/sessions.ts";
import { createStores } from "./session/stores.ts";
import { UnusedMedia } from "./session/unused-media.ts";
import { openPlaces, sessionParts } from "./session-parts.ts";
import { ensureInstanceId } from "./store/instance-id.ts";
import { openStore } from "./store/store.ts";
import { createTidy, startTicks, startTidying, systemStatus } from "./system-status.ts";
import { tools } from "./tools/index.ts";
import { Ledger } from "./usage/ledger.ts";
import { WebhookParts } from "./webhook-parts.ts";

const TICK_MS = 30_000;
/** How long runs may take to reach a safe point when the app stops. */
const DRAIN_MS = 10_000;

/** Throws what keeps it from starting: a database that cannot be used, a token that is too short. */
export async function assembleCore(options: CoreOptions): Promise<Core> {
  const { home, env, config, log, logs, now, gateway, listen } = options;
  const monotonic = () => performance.now();
  const startedAt = monotonic();
  const current = () => config.current;
  const rates = () => current().limits.rate;
  const runLimit = createRunLimit({ rate: () => rates().run, monotonic });
  const withAgents = withAgentFiles({ folder: home.agents, config: current, log });
  await using stack = new AsyncDisposableStack();

  const store = stack.use(openStore(home.database, { log, onLost: options.onStorageLost }));
  const instanceId = await ensureInstanceId(store);
  const bus = stack.use(openBus({ store, log, now }));
  const inMemory = stack.use(new AsyncDisposableStack());
  const stores = createStores(store, () => inMemory.use(openStore(":memory:", { log })));
  const { auth, ownerToken, tokenFile, follow } = openAuth({
    home,
    // Whoever can be reached from other machines asks for the token, whatever the config says.
    mode: () => (current().auth.mode === "none" && gateway.onLoopback ? "none" : "token"),
    store,
    bus,
    log,
    now,
    monotonic,
    onRevoked(credential) {
      gateway.revoke(credential);
      cluster.revoked(credential);
      cron.revoked(credential);
      mcp.revoked(credential);
    },
    endSession: (sessionKey) => endSession({ runner, sessions }, sessionKey),
  });

  const media = createMedia({ durable: createDiskShelf(home.media), ephemeral: createMemoryShelf() });
  const unused = stack.use(new UnusedMedia({ stores, media, log }));
  const sessions = new Sessions({ stores, bus, now, unused });
  const runs = new Runs({ stores });
  const { protocols, attempts, models } = stack.use(
    openModelParts({
      home,
      env,
      config,
      bus,
      log,
      fetch: options.fetch,
      monotonic,
      plugged: () => pluginParts.providerNames(),
      watch: listen,
    }),
  );

  const cluster = stack.use(new ClusterParts({ store, bus, devices: auth.devices, config: current, log, now }));
  const approvals = new Approvals({ stores, bus, log, now });
  const questions = new OpenQuestions({ bus, now });
  const leftRunning = stack.use(new AsyncDisposableStack());
  const toolNeeds = once(async () =>
    (await import("./tool-needs.ts")).makeToolNeeds({
      bus,
      log,
      held: leftRunning,
      home,
      env,
      config: current,
      media,
      stores,
      memory: memory.shelf,
      messageIndex: memory.messageIndex,
      skills: skillOffer,
      subagents,
      cluster: cluster.center,
      cron: cron.shelf,
      now,
      fetch: options.fetch,
      resolveSecret: (value) => config.resolve(value),
      questions,
      results,
      sessions,
      voice,
      generations,
      interfaces,
    }),
  );
  const pluginOptions = { home, env, config, store, bus, log, now, monotonic, fetch: options.fetch };
  const plugins = stack.use(openPlugins(pluginOptions));
  const hooks = stack.use(new PluginHooks({ plugins, log }));
  const commands = new CommandParts({ plugins, needs: () => ({ ...needs, runner, models, config: withAgents }) });
  const audit = stack.use(openAudit({ store, bus, credentials: home.credentials, config: current, log, now }));
  const resolveSecret = (value: string) => config.resolve(value);
  const secrets = new KnownSecrets({ config: current, resolveSecret, token: ownerToken, env: env.all, log });
  const results = createKeptResults({ stores, now });
  const gate = createGate({ approvals, needs: toolNeeds, hooks, audit, secrets, results, log, config: current });
  const mcp = stack.use(new McpParts({ ...pluginOptions, media, desk: () => toolbox, skills: () => skillOffer }));
  const isGuarded = () => auth.mode === "token";
  const a2aNeeds = { runner: () => runner, takeRun: runLimit.take, runs, questions, media, isGuarded };
  const a2a = stack.use(new A2aParts({ ...pluginOptions, ...a2aNeeds }));
  const sources = [new PluginTools({ plugins, media }), mcp, a2a];
  const toolbox = new Toolbox({ tools, sources, gate, needs: toolNeeds, config: withAgents, home, log });
  const workspace = (agent: string) => toolbox.workspace(agent);
  const skillParts = { home, store, plugins, workspace, log, now };
  const { skills, skillInstaller, aboutSkills, skillOffer, isForeign } = openSkills({
    ...skillParts,
    config: current,
    fetch: options.fetch,
  });
  // Asked at the first run: loading the time zones takes longer than all the rest of a start.
  let ownZone: string | undefined;
  const timeZone = () => (ownZone ??= env.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const allowance = (identity: string) => auth.invites.allowance(identity);
  const usage = stack.use(new Ledger({ store, config: current, log, now, timeZone, allowance }));
  const voice = new Voice({ models, media, usage, config: current, monotonic });
  const promptsOf: LoopDeps["pluginPrompts"] = (run) => pluginPrompts(plugins, run);
  const memoryOptions = { home, store, models, usage, config: current, workspace, secrets, log, now, monotonic };
  const memory = stack.use(new MemoryParts({ ...memoryOptions, stores }));
  const tapeDeps = { toolbox, config: withAgents, pluginPrompts: promptsOf, monotonic };
  const tapeNeeds = { logs: home.logs, secrets: () => secrets.all(), stores, runs, bus, media, deps: tapeDeps, log };
  const { cassettes } = stack.use(openCassettes(tapeNeeds));
  const place = openPlaces({ stores, interfaces: () => interfaces });
  const promptNeeds = { toolbox, timeZone, pluginPrompts: promptsOf, skills: { about: aboutSkills }, isForeign, place };
  const runner = new Runner({
    models,
    bus,
    usage,
    config: withAgents,
    now,
    monotonic,
    ...promptNeeds,
    recall: memory.recall,
    scales: new TokenScales(),
    questions,
    secrets,
    ...runMedia({ toolNeeds, voice, log, media, workspace, config: current }),
    hooks,
    commands,
    tape: async (deps, run) => {
      const isWanted = run.run.request.record ?? current().debug.record;
      return isWanted ? (await cassettes()).tape(deps, run) : [deps, run];
    },
    stores,
    sessions,
    runs,
    media,
    log,
  });

  const subagents = stack.use(
    new SubagentRuns({ runner, runs, sessions, stores, toolbox, isForeign, config: withAgents, log, now }),
  );

  memory.follow(runner);
  const mediaLinks = createMediaLinks({ credentials: home.credentials, now });
  const generations = stack.use(
    new Generations({ models, media, links: mediaLinks, stores, bus, usage, config: current, log, now, monotonic }),
  );

  const machine = channelMachine(env.userHome);
  const channelNeeds: ChannelNeeds = { sessions, stores, bus, commands, fetch: options.fetch, now, machine };
  const chatParts = stack.use(
    new ChatParts({ stores, runner, runs, approvals, media, interfaces: () => interfaces, bus, log, now, monotonic }),
  );
  const chats = () => chatParts.chats();
  const interfaceNeeds = { channels, needs: channelNeeds, config: current, resolveSecret, chats, bus, log };
  const interfaces: Interfaces = new Interfaces(interfaceNeeds);

  const poster = (channel: string) => chatParts.poster(channel);
  const webhookNeeds = { runner: () => runner, runs, poster, toolNeeds, workspace };
  const webhooks = stack.use(new WebhookParts({ ...pluginOptions, ...webhookNeeds }));
  const cronRuns = { runner, runs, sessions, stores, chatParts, workspace, isForeign, timeZone, listen };
  const cron = stack.use(new CronParts({ ...pluginOptions, ...cronRuns, configWithAgents: withAgents }));

  const pluginParts = new PluginParts({
    plugins,
    protocols,
    interfaces,
    builtIn: { channels: Object.keys(channels), providers: Object.keys(providers) },
    bus,
    log,
    now,
    monotonic,
    rate: () => current().limits.rate.write,
    listen,
  });
  const stalls = stack.use(startStallMonitor(monotonic));
  let configIssues: readonly Issue[] = [];
  const needs: Needs = {
    runner,
    runs,
    sessions,
    ...sessionParts({ ...memoryOptions, ...promptNeeds, config: withAgents, sessions, stores, bus, load: runner }),
    queues: runner,
    mediaLinks,
    stores,
    bus,
    toolbox,
    models,
    approvals,
    audit,
    interfaces,
    peers: chatParts.peers,
    plugins,
    installer: createInstaller(pluginOptions, plugins),
    services: () => pluginParts.services(),
    skills,
    skillInstaller,
    memory: memory.memory,
    webhooks,
    messageIndex: memory.messageIndex,
    mcp: mcp.servers,
    jobs: async () => (await toolNeeds()).jobs,
    cluster: cluster.center,
    cron: cron.cron,
    commands,
    usage,
    generations,
    cassettes,
    config,
    auth,
    logs,
    now,
    home: home.path,
    doctor: openDoctor({ home, env, now, models, status: () => needs.status() }),
    authMode: () => auth.mode,
    shutdown: options.onStopRequested,
    describe: () => describeMethods(methods),
    facts: {
      instanceId,
      methods: Object.keys(methods),
      guestMethods: GUEST_METHODS,
      events: TOPICS,
      tickIntervalMs: TICK_MS,
      maxPayload: () => current().gateway.max_payload,
      maxBuffered: () => current().gateway.max_buffered,
      rateLimits: rates,
    },
    status: () =>
      systemStatus({ runner, bus, store, stalls, configIssues, gateway, uptimeMs: monotonic() - startedAt }),
  };

  const metrics = new Metrics();
  let serving = false;
  const ready = (async () => {
    await bus.start();
    if (listen) await webhooks.start();
    if (options.recover) {
      // Before those runs ask again: they find the questions that they left.
      await approvals.expireAll(await runner.recover());
      await subagents.recover();
      await generations.resume();
    }
    serving = true;
    // Nobody waits for them. A core inside a command leaves them to the server.
    if (listen) void interfaces.apply();
    if (listen) pluginParts.start();
    if (listen) void plugins.start();
    if (listen) memory.start();
    if (listen)
      cron.start().catch((error: unknown) => log.error("schedules could not be started", describeError(error)));
    if (listen) a2a.start().catch((error: unknown) => log.error("a2a could not be started", describeError(error)));
  })();
  ready.catch((error: unknown) => log.error("start could not be completed", describeError(error)));
  stack.use(interfaces);
  stack.use(pluginParts);
  if (listen) {
    stack.use(follow());
    stack.use(startTidying({ bus, runner, gateway, tidy: createTidy(() => stores.all()) }));
    stack.use(startTicks(TICK_MS, { bus, status: () => needs.status(), before: () => auth.endExpiredGuests() }));
  }

  const owned = stack.move();
  let completion: Completion | undefined;
  const loadCompletion = once(async () => {
    const { Completion } = await import("./completion/completion.ts");
    const completionNeeds = { models, runner, sessions, takeRun: runLimit.take, bus, usage, store, media, mediaLinks };
    completion = owned.use(new Completion({ ...completionNeeds, config: current, withAgents, log, now, monotonic }));
    return completion;
  });
  return {
    instanceId,
    token: tokenFile,
    auth,
    bus,
    interfaces,
    dispatch: createDispatch({
      methods,
      needs,
      middleware: middleware({
        ...{ metrics, log, rates, monotonic, runs: runLimit },
        sessionOfRun: (id) => runs.find(id)?.sessionKey,
      }),
      log,
    }),
    routeNeeds: {
      auth,
      interfaces,
      isReady: () => serving && !store.failure,
      requestCounts: () => metrics.requests,
      attemptCounts: () => attempts.all,
      gauges: () => gauges(needs.status()),
      ...servedFiles(),
      completion: () => completion ?? loadCompletion(),
      media,
      mediaLinks,
      pluginRoutes: pluginParts.routes,
      mcp: mcp.endpoint,
      a2a: a2a.endpoint,
      webhooks: webhooks.incoming,
    },
    ready,
    status: () => needs.status(),
    setConfigIssues(issues) {
      configIssues = issues;
    },
    async drain() {
      await ready.catch(() => "logged above");
      serving = false;
      bus.publish("system.shutdown", { reason: "stopping" });
      const drained = runner.drain(DRAIN_MS);
      // What waits for an answer has had no effect yet: the question stays, and its run goes on after the restart.
      approvals.leave();
      await drained;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
