/** What a browser keeps, without a browser. */
import type { KeptValues } from "../../src/panel/state/storage.ts";

export function memory(values: Readonly<Record<string, unknown>> = {}): KeptValues {
  const kept = new Map(Object.entries(values));
  return {
    read: (name) => kept.get(name),
    write: (name, value) => void kept.set(name, structuredClone(value)),
  };
}
