/** One act at a time, and what came of it. */
import { useState } from "preact/hooks";
import { sentences } from "../state/phase.ts";

export interface Act {
  readonly busy: boolean;
  /** Why the last one was refused, in whole sentences. */
  readonly trouble: string | undefined;
  /** Nothing while another one is under way. */
  readonly run: <T>(work: () => Promise<T>, onDone?: (result: T) => void) => void;
}

export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  return {
    busy,
    trouble,
    run(work, onDone) {
      if (busy) return;
      setBusy(true);
      setTrouble(undefined);
      work()
        .then(onDone, (error: unknown) => setTrouble(sentences(error)))
        .finally(() => setBusy(false));
    },
  };
}
