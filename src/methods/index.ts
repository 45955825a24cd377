import type { Method } from "../sdk/method.ts";

/** Every built-in method, each loaded when it is first called. */
export const methods = {
  "agent.abort": () => import("./agent/abort.ts").then((m) => m.agentAbort),
  "agent.cancel": () => import("./agent/cancel.ts").then((m) => m.agentCancel),
  "agent.run": () => import("./agent/run.ts").then((m) => m.agentRun),
  "agent.status": () => import("./agent/status.ts").then((m) => m.agentStatus),
  "agent.steer": () => import("./agent/steer.ts").then((m) => m.agentSteer),
  "approvals.get": () => import("./approvals/get.ts").then((m) => m.approvalsGet),
  "approvals.list": () => import("./approvals/list.ts").then((m) => m.approvalsList),
  "approvals.resolve": () => import("./approvals/resolve.ts").then((m) => m.approvalsResolve),
  "audit.list": () => import("./audit/list.ts").then((m) => m.auditList),
  "audit.verify": () => import("./audit/verify.ts").then((m) => m.auditVerify),
  "auth.connect": () => import("./auth/connect.ts").then((m) => m.authConnect),
  "auth.whoami": () => import("./auth/whoami.ts").then((m) => m.authWhoami),
  "config.apply": () => import("./config/apply.ts").then((m) => m.configApply),
  "config.get": () => import("./config/get.ts").then((m) => m.configGet),
  "config.patch": () => import("./config/patch.ts").then((m) => m.configPatch),
  "config.reload": () => import("./config/reload.ts").then((m) => m.configReload),
  "config.schema": () => import("./config/schema.ts").then((m) => m.configSchema),
  "events.list": () => import("./events/list.ts").then((m) => m.eventsList),
  "events.subscribe": () => import("./events/subscribe.ts").then((m) => m.eventsSubscribe),
  "events.unsubscribe": () => import("./events/unsubscribe.ts").then((m) => m.eventsUnsubscribe),
  "exec.explain": () => import("./exec/explain.ts").then((m) => m.execExplain),
  "generation.image": () => import("./generation/image.ts").then((m) => m.generationImage),
  "generation.status": () => import("./generation/status.ts").then((m) => m.generationStatus),
  "generation.video": () => import("./generation/video.ts").then((m) => m.generationVideo),
  "interface.list": () => import("./interface/list.ts").then((m) => m.interfaceList),
  "interface.send": () => import("./interface/send.ts").then((m) => m.interfaceSend),
  "interface.start": () => import("./interface/start.ts").then((m) => m.interfaceStart),
  "interface.status": () => import("./interface/status.ts").then((m) => m.interfaceStatusMethod),
  "interface.stop": () => import("./interface/stop.ts").then((m) => m.interfaceStop),
  "logs.tail": () => import("./logs/tail.ts").then((m) => m.logsTail),
  "mcp.approve": () => import("./mcp/approve.ts").then((m) => m.mcpApprove),
  "mcp.call": () => import("./mcp/call.ts").then((m) => m.mcpCall),
  "mcp.list": () => import("./mcp/list.ts").then((m) => m.mcpList),
  "mcp.login": () => import("./mcp/login.ts").then((m) => m.mcpLogin),
  "mcp.logout": () => import("./mcp/logout.ts").then((m) => m.mcpLogout),
  "mcp.prompts": () => import("./mcp/prompts.ts").then((m) => m.mcpPrompts),
  "mcp.resources": () => import("./mcp/resources.ts").then((m) => m.mcpResources),
  "mcp.start": () => import("./mcp/start.ts").then((m) => m.mcpStart),
  "mcp.stop": () => import("./mcp/stop.ts").then((m) => m.mcpStop),
  "models.config": () => import("./models/config.ts").then((m) => m.modelsConfig),
  "models.list": () => import("./models/list.ts").then((m) => m.modelsList),
  "models.test": () => import("./models/test.ts").then((m) => m.modelsTest),
  "plugins.approve": () => import("./plugins/approve.ts").then((m) => m.pluginsApprove),
  "plugins.commands": () => import("./plugins/commands.ts").then((m) => m.pluginsCommands),
  "plugins.develop": () => import("./plugins/develop.ts").then((m) => m.pluginsDevelop),
  "plugins.disable": () => import("./plugins/disable.ts").then((m) => m.pluginsDisable),
  "plugins.enable": () => import("./plugins/enable.ts").then((m) => m.pluginsEnable),
  "plugins.executeCommand": () => import("./plugins/execute-command.ts").then((m) => m.pluginsExecuteCommand),
  "plugins.get": () => import("./plugins/get.ts").then((m) => m.pluginsGet),
  "plugins.install": () => import("./plugins/install.ts").then((m) => m.pluginsInstall),
  "plugins.list": () => import("./plugins/list.ts").then((m) => m.pluginsList),
  "plugins.logs": () => import("./plugins/logs.ts").then((m) => m.pluginsLogs),
  "plugins.reload": () => import("./plugins/reload.ts").then((m) => m.pluginsReload),
  "plugins.trustFolder": () => import("./plugins/trust-folder.ts").then((m) => m.pluginsTrustFolder),
  "plugins.uninstall": () => import("./plugins/uninstall.ts").then((m) => m.pluginsUninstall),
  "rpc.discover": () => import("./rpc/discover.ts").then((m) => m.rpcDiscover),
  "rpc.ping": () => import("./rpc/ping.ts").then((m) => m.rpcPing),
  "runs.events": () => import("./runs/events.ts").then((m) => m.runsEvents),
  "runs.get": () => import("./runs/get.ts").then((m) => m.runsGet),
  "runs.list": () => import("./runs/list.ts").then((m) => m.runsList),
  "runs.queue": () => import("./runs/queue.ts").then((m) => m.runsQueue),
  "runs.replay": () => import("./runs/replay.ts").then((m) => m.runsReplay),
  "runs.status": () => import("./runs/status.ts").then((m) => m.runsStatus),
  "runs.wait": () => import("./runs/wait.ts").then((m) => m.runsWait),
  "services.list": () => import("./services/list.ts").then((m) => m.servicesList),
  "services.start": () => import("./services/start.ts").then((m) => m.servicesStart),
  "services.status": () => import("./services/status.ts").then((m) => m.servicesStatus),
  "services.stop": () => import("./services/stop.ts").then((m) => m.servicesStop),
  "session.clear": () => import("./session/clear.ts").then((m) => m.sessionClear),
  "session.create": () => import("./session/create.ts").then((m) => m.sessionCreate),
  "session.delete": () => import("./session/delete.ts").then((m) => m.sessionDelete),
  "session.export": () => import("./session/export.ts").then((m) => m.sessionExport),
  "session.get": () => import("./session/get.ts").then((m) => m.sessionGet),
  "session.history": () => import("./session/history.ts").then((m) => m.sessionHistory),
  "session.list": () => import("./session/list.ts").then((m) => m.sessionList),
  "session.patch": () => import("./session/patch.ts").then((m) => m.sessionPatchMethod),
  "session.send": () => import("./session/send.ts").then((m) => m.sessionSend),
  "system.info": () => import("./system/info.ts").then((m) => m.systemInfo),
  "system.shutdown": () => import("./system/shutdown.ts").then((m) => m.systemShutdown),
  "system.status": () => import("./system/status.ts").then((m) => m.systemStatus),
  "tool.call": () => import("./tool/call.ts").then((m) => m.toolCall),
  "tool.list": () => import("./tool/list.ts").then((m) => m.toolList),
  "usage.summary": () => import("./usage/summary.ts").then((m) => m.usageSummary),
} as const;

type Each = Awaited<ReturnType<(typeof methods)[keyof typeof methods]>>;
type Intersect<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never;

/** What the app must provide: the sum of what the methods ask for. */
// biome-ignore lint/suspicious/noExplicitAny: only what a method needs is looked at here
export type Needs = Intersect<Each extends infer M ? (M extends Method<any, any, any, infer N> ? N : never) : never>;

/** The typed surface that a client sees: `{ "session.list": { params, result } }`. */
export type Api = {
  [M in Each as M["name"]]: {
    params: import("zod").input<M["params"]>;
    result: import("zod").output<M["result"]>;
  };
};
