/** What the doctor found, when, and what can be mended. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Finding, Fix } from "../../protocol/finding.ts";
import { createLoaded } from "./loaded.ts";
import type { Part, PartNeeds } from "./panel.ts";
import type { Phase } from "./phase.ts";

export interface Doctor extends Part {
  /** Undefined until it has looked; what needs a person comes first. */
  readonly findings: ReadonlySignal<readonly Finding[] | undefined>;
  readonly takenAt: ReadonlySignal<number | undefined>;
  readonly phase: ReadonlySignal<Phase>;
  /** Never rejects: the phase says what went wrong. */
  load(): Promise<void>;
  /** Rejects with the server's reason. Looks again afterwards. */
  mend(fix: Fix): Promise<void>;
}

const ORDER = { fail: 0, warn: 1, ok: 2 } as const;

export function createDoctor({ call }: PartNeeds): Doctor {
  const { value, phase, load, renew } = createLoaded(() => call("system.doctor", {}));
  return {
    findings: computed(() => value.value?.findings.toSorted((a, b) => ORDER[a.status] - ORDER[b.status])),
    takenAt: computed(() => value.value?.taken_at),
    phase,
    load,
    // It asks every provider: not by itself after each connect, unless somebody waits for what could not be had.
    renew: () => (phase.peek().kind === "failed" ? renew() : Promise.resolve()),
    async mend(fix) {
      await call("system.mend", { fix });
      await load();
    },
  };
}
