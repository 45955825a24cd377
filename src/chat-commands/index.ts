/** The commands that Aleph itself answers to in every chat, loaded when somebody types one; in the order of the help. */
import type { ChatCommand } from "../sdk/command.ts";

export const chatCommands = {
  new: () => import("./new.ts").then((module) => module.newCommand),
  reset: () => import("./reset.ts").then((module) => module.resetCommand),
  stop: () => import("./stop.ts").then((module) => module.stopCommand),
  status: () => import("./status.ts").then((module) => module.statusCommand),
  model: () => import("./model.ts").then((module) => module.modelCommand),
  think: () => import("./think.ts").then((module) => module.thinkCommand),
  compact: () => import("./compact.ts").then((module) => module.compactCommand),
  usage: () => import("./usage.ts").then((module) => module.usageCommand),
  approve: () => import("./approve.ts").then((module) => module.approveCommand),
  deny: () => import("./deny.ts").then((module) => module.denyCommand),
  whoami: () => import("./whoami.ts").then((module) => module.whoamiCommand),
  help: () => import("./help.ts").then((module) => module.helpCommand),
} as const;

type Each = Awaited<ReturnType<(typeof chatCommands)[keyof typeof chatCommands]>>;
type NeedsOf<T> = T extends ChatCommand<infer Needs> ? (needs: Needs) => void : never;

/** All that the commands need, together. */
export type ChatCommandNeeds = NeedsOf<Each> extends (needs: infer Sum) => void ? Sum : never;
