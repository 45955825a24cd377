/** State of a page that comes when it is opened: read then, and kept. */
import { useEffect } from "preact/hooks";
import type { Part, PartNeeds } from "../state/panel.ts";
import { usePanel } from "./context.ts";

export function usePart<P extends Part & { load(): Promise<void> }>(make: (needs: PartNeeds) => P): P {
  const panel = usePanel();
  const part = panel.part(make);
  useEffect(() => void part.load(), [part]);
  return part;
}
