/** What carries the plugins of each kind, loaded when there is one of that kind. */
import type { Runtime } from "../../sdk/runtime.ts";
import type { RuntimeNeeds } from "../runtime-needs.ts";

export const runtimes = {
  nodejs: (needs) => import("./nodejs.ts").then((module) => module.createNodejsRuntime(needs)),
  static: () => import("./static.ts").then((module) => module.staticRuntime),
  wasm: (needs) => import("./wasm.ts").then((module) => module.createWasmRuntime(needs)),
} satisfies Record<string, (needs: RuntimeNeeds) => Promise<Runtime<string>>>;
