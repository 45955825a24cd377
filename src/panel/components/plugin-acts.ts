/** One act at a time with one plugin, and what came of it. */
import { useState } from "preact/hooks";
import { troubleOf } from "../state/phase.ts";
import type { PluginAct, Plugins, ShownPlugin } from "../state/plugins.ts";

export interface Acts {
  readonly busy: boolean;
  /** Why the last act was refused. */
  readonly trouble: string | undefined;
  readonly act: (act: PluginAct) => void;
}

export function useActs(plugins: Plugins, plugin: ShownPlugin): Acts {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  return {
    busy,
    trouble,
    act(act) {
      setBusy(true);
      setTrouble(undefined);
      plugins
        .act(plugin, act)
        .catch((error: unknown) => setTrouble(`${troubleOf(error).message}.`))
        .finally(() => setBusy(false));
    },
  };
}
