/** Every command, in the order of the help, each loaded when it is called. */
import type { Entry } from "../command.ts";

export const commands = {
  chat: (): Promise<Entry> => import("./chat.ts").then((module) => module.chat),
  wizard: (): Promise<Entry> => import("./wizard.ts").then((module) => module.wizard),
  serve: (): Promise<Entry> => import("./serve.ts").then((module) => module.serve),
  status: (): Promise<Entry> => import("./status.ts").then((module) => module.status),
  doctor: (): Promise<Entry> => import("./doctor.ts").then((module) => module.doctor),
  sessions: (): Promise<Entry> => import("./sessions.ts").then((module) => module.sessions),
  exec: (): Promise<Entry> => import("./exec.ts").then((module) => module.exec),
  approvals: (): Promise<Entry> => import("./approvals.ts").then((module) => module.approvals),
  pairing: (): Promise<Entry> => import("./pairing.ts").then((module) => module.pairing),
  devices: (): Promise<Entry> => import("./devices.ts").then((module) => module.devices),
  tokens: (): Promise<Entry> => import("./tokens.ts").then((module) => module.tokens),
  audit: (): Promise<Entry> => import("./audit.ts").then((module) => module.audit),
  models: (): Promise<Entry> => import("./models.ts").then((module) => module.models),
  plugins: (): Promise<Entry> => import("./plugins.ts").then((module) => module.plugins),
  skills: (): Promise<Entry> => import("./skills.ts").then((module) => module.skills),
  mcp: (): Promise<Entry> => import("./mcp.ts").then((module) => module.mcp),
  runs: (): Promise<Entry> => import("./runs.ts").then((module) => module.runs),
  usage: (): Promise<Entry> => import("./usage.ts").then((module) => module.usage),
  config: (): Promise<Entry> => import("./config.ts").then((module) => module.config),
  logs: (): Promise<Entry> => import("./logs.ts").then((module) => module.logs),
  rpc: (): Promise<Entry> => import("./rpc.ts").then((module) => module.rpc),
  completions: (): Promise<Entry> => import("./completions.ts").then((module) => module.completions),
  version: (): Promise<Entry> => import("./version.ts").then((module) => module.version),
};
