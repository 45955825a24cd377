/** What a message may begin with behind a slash: asked for when somebody types one, and again when the plugins changed. */
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Result } from "../../client/client.ts";
import type { EventFrame } from "../../protocol/events.ts";
import type { Call } from "./connection.ts";

export type SlashCommand = Result<"plugins.commands">["commands"][number];

export interface Commands {
  /** Undefined until it is known. */
  readonly list: ReadonlySignal<readonly SlashCommand[] | undefined>;
  /** Asks when that is not known. Never rejects: without the list a message is sent as any other. */
  load(): Promise<void>;
  handle(event: EventFrame): void;
}

export function createCommands(call: Call): Commands {
  const list = signal<readonly SlashCommand[] | undefined>(undefined);
  let loading: Promise<void> | undefined;
  return {
    list,
    load() {
      if (list.peek()) return Promise.resolve();
      loading ??= call("plugins.commands", {})
        .then(
          ({ commands }) => {
            list.value = commands;
          },
          () => undefined,
        )
        .finally(() => {
          loading = undefined;
        });
      return loading;
    },
    handle({ topic }) {
      if (topic.startsWith("plugin.")) list.value = undefined;
    },
  };
}

/** Those that `text` may become; none when it is no beginning of a command, or has one already. */
export function matchingCommands(commands: readonly SlashCommand[], text: string): readonly SlashCommand[] {
  if (!/^\/\S*$/.test(text)) return [];
  const typed = text.slice(1);
  const found = commands.filter(({ word }) => word.startsWith(typed));
  return found.length === 1 && found[0]!.word === typed ? [] : found;
}
