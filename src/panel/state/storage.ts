/** What the panel keeps in the browser, as JSON. A browser that keeps nothing (private windows) loses it on reload. */

export interface KeptValues {
  /** Undefined when there is none, or when it is not JSON. */
  read(name: string): unknown;
  /** Undefined forgets it. */
  write(name: string, value: unknown): void;
}

export function keptIn(storage: Storage): KeptValues {
  return {
    read(name) {
      try {
        const text = storage.getItem(name);
        return text === null ? undefined : (JSON.parse(text) as unknown);
      } catch {
        // Refused by the browser, or written by something else: as if there were nothing.
        return undefined;
      }
    },
    write(name, value) {
      try {
        if (value === undefined) storage.removeItem(name);
        else storage.setItem(name, JSON.stringify(value));
      } catch {
        // Full or refused: the panel works, it only forgets.
      }
    },
  };
}
