/** What the runtimes need of the machine to run the code of plugins. */
import type { Sandbox } from "../sandbox/confinement.ts";
import type { Runtime } from "../sdk/runtime.ts";

export interface RuntimeNeeds {
  /** Made and tried out when the first plugin with code is started. */
  readonly sandbox: () => Promise<Sandbox>;
  /** ALEPH_HOME/run: what a runtime lays down for its children goes there. */
  readonly runFolder: string;
}

type Loaders<Args extends readonly unknown[]> = Readonly<Record<string, (...args: Args) => Promise<Runtime<string>>>>;

/** The same list with what its loaders need. */
export function withNeeds(loaders: Loaders<[RuntimeNeeds]>, needs: RuntimeNeeds): Loaders<[]> {
  return Object.fromEntries(Object.entries(loaders).map(([kind, load]) => [kind, () => load(needs)]));
}
