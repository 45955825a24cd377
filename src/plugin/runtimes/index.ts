/** What carries the plugins of each kind, loaded when there is one of that kind. */
import type { Runtime } from "../../sdk/runtime.ts";

export const runtimes = {
  static: () => import("./static.ts").then((module) => module.staticRuntime),
} satisfies Record<string, () => Promise<Runtime<string>>>;
