/** Which models there are: the settings at once, the providers' own lists when somebody wants to choose. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { Call } from "./connection.ts";
import { failed, LOADING, type Phase, READY } from "./phase.ts";

export interface Models {
  readonly config: ReadonlySignal<Result<"models.config"> | undefined>;
  readonly list: ReadonlySignal<Result<"models.list"> | undefined>;
  readonly phase: ReadonlySignal<Phase>;
  /** When `list` was asked for. */
  readonly takenAt: ReadonlySignal<number | undefined>;
  loadConfig(): Promise<void>;
  loadList(): Promise<void>;
  handle(event: EventFrame): void;
}

const CONCERNED = ["models", "providers", "agents"];

export function createModels({ call, now }: { call: Call; now: () => number }): Models {
  const config = signal<Result<"models.config"> | undefined>(undefined);
  const list = signal<Result<"models.list"> | undefined>(undefined);
  const phase = signal<Phase>(LOADING);
  const takenAt = signal<number | undefined>(undefined);

  async function loadConfig(): Promise<void> {
    config.value = await call("models.config", {});
  }

  return {
    config,
    list,
    phase,
    takenAt,
    loadConfig,
    async loadList() {
      if (!list.peek()) phase.value = LOADING;
      try {
        list.value = await call("models.list", {});
        takenAt.value = now();
        phase.value = READY;
      } catch (error) {
        phase.value = failed(error);
      }
    },
    handle({ topic, data }) {
      if (topic !== "config.changed" || !("sections" in data)) return;
      if (!data.sections.some((section) => CONCERNED.includes(section))) return;
      list.value = undefined;
      loadConfig().catch(() => "the connection is lost; all is read when it is back");
    },
  };
}
