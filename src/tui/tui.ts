/** Runs the terminal interface: from a connected client to the answer of the command; the terminal is always given back. */
import type { Client } from "../client/client.ts";
import { AlephError } from "../protocol/errors.ts";
import { openDesk } from "./desk.ts";
import { frameOf } from "./frame.ts";
import { click, paste, press, wheel } from "./press.ts";
import { openScreen } from "./screen.ts";
import { depthOf, type TerminalVariables, type ThemeName, themeOf } from "./theme.ts";
import { Ui, type UiOptions } from "./ui.ts";
import type { Wire } from "./wire.ts";

export interface TuiOptions extends Pick<UiOptions, "history" | "readAttachment" | "folder" | "now" | "createId"> {
  readonly client: Client;
  readonly wire: Wire;
  readonly sessionKey: string;
  readonly variables: TerminalVariables & { readonly colorFgBg: string | undefined };
  /** Undefined follows the terminal. */
  readonly theme: ThemeName | undefined;
  /** Gets a function that shows a line of ours, and undefined when the screen is gone. */
  readonly onSay?: (say: ((text: string) => void) | undefined) => void;
}

/** By which the system or a person ends it, with the exit code of a shell. */
const SIGNALS = { SIGTERM: 143, SIGHUP: 129, SIGINT: 130, SIGQUIT: 131 } as const;

/** Answers with the exit code. Rejects with what broke it, after the terminal was given back. */
export async function runTui(options: TuiOptions): Promise<number> {
  const { client, wire, sessionKey, variables, theme } = options;
  const ended = Promise.withResolvers<number>();
  using desk = await openDesk({ client, wire, sessionKey, now: options.now });
  const ui = new Ui({
    ...options,
    desk,
    theme: theme ?? themeOf(variables.colorFgBg) ?? "dark",
    maxPayload: client.hello.policy.max_payload,
    leave: ended.resolve,
  });
  const fail = (thrown: unknown) => ended.reject(thrown);
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  const stops = Object.entries(SIGNALS).map(([signal, code]) => {
    const stop = () => ended.resolve(code);
    process.on(signal, stop);
    return () => process.off(signal, stop);
  });
  const stopWatching = wire.state.subscribe((state) => {
    if (state.kind === "refused") ended.reject(state.error);
  });
  try {
    using _screen = await opened(ui, options, fail);
    options.onSay?.((text) => ui.say(text, "warn"));
    return await ended.promise;
  } finally {
    options.onSay?.(undefined);
    stopWatching();
    for (const stop of stops) stop();
    process.off("uncaughtException", fail);
    process.off("unhandledRejection", fail);
  }
}

async function opened(ui: Ui, { variables, theme }: TuiOptions, onFailure: (thrown: unknown) => void) {
  try {
    return await openScreen({
      depth: depthOf(variables),
      draw: ({ width, height }) => frameOf(ui, width, height),
      theme: () => ui.state.peek().theme,
      onTheme: (found) => {
        if (theme === undefined) ui.set({ theme: found });
      },
      onKey: (key, size) => press(ui, key, size),
      onPaste: (text) => paste(ui, text),
      onWheel: (by, size) => wheel(ui, by, size),
      onClick: (act) => click(ui, act),
      isTicking: () => ui.isTicking,
      onFailure,
    });
  } catch (cause) {
    throw new AlephError("not_found", "The terminal interface cannot be loaded on this system", {
      cause,
      data: { hint: "Talk at the prompt instead: aleph chat" },
    });
  }
}
