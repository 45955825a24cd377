/** The tools, loaded when they are first offered or called. */
import type { Tool } from "../sdk/tool.ts";

export const tools = {
  read: () => import("./read/read.ts").then((module) => module.read),
  write: () => import("./write/write.ts").then((module) => module.write),
  edit: () => import("./edit/edit.ts").then((module) => module.edit),
  list: () => import("./list/list.ts").then((module) => module.list),
  glob: () => import("./glob/glob.ts").then((module) => module.glob),
  grep: () => import("./grep/grep.ts").then((module) => module.grep),
  apply_patch: () => import("./apply-patch/apply-patch.ts").then((module) => module.applyPatch),
  exec: () => import("./exec/exec.ts").then((module) => module.exec),
  process: () => import("./process/process.ts").then((module) => module.processTool),
  web_fetch: () => import("./web-fetch/web-fetch.ts").then((module) => module.webFetch),
  todo: () => import("./todo/todo.ts").then((module) => module.todo),
  skill: () => import("./skill/skill.ts").then((module) => module.skill),
  time: () => import("./time/time.ts").then((module) => module.time),
} as const;

type Loaded = Awaited<ReturnType<(typeof tools)[keyof typeof tools]>>;
// biome-ignore lint/suspicious/noExplicitAny: only what `prepare` needs is looked at
type NeedsOf<T> = T extends Tool<string, any, infer Needs> ? (needs: Needs) => void : never;

/** All that the tools need, together; `app.ts` must have it. */
export type ToolNeeds = NeedsOf<Loaded> extends (needs: infer Sum) => void ? Sum : never;
