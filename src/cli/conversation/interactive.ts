/** The prompt: message after message, until the person leaves. */
import type { Client, Params } from "../../client/client.ts";
import type { Home } from "../../config/home.ts";
import { printable, printableLine } from "../../lib/terminal-text.ts";
import { VERSION } from "../../lib/version.ts";
import { EXIT } from "../exit-codes.ts";
import { writeFailure, writeHint } from "../failure.ts";
import type { Terminal } from "../terminal.ts";
import { type Edited, editLine } from "./editor.ts";
import { RunFollower } from "./followed-run.ts";
import { openHistory } from "./history.ts";
import type { Link } from "./link.ts";
import { completeSlash, type Place, runSlash } from "./slash.ts";
import { runTurn } from "./turn.ts";

const PROMPT = "› ";

export interface ConversationOptions {
  readonly client: Client;
  readonly link: Link;
  readonly terminal: Terminal;
  readonly home: Home;
  /** What each message has besides its text. */
  readonly params: Pick<Params<"agent.run">, "thinking">;
  readonly place: Place;
  readonly thinking: boolean;
}

/** Answers with the exit code: 0 when the person left, 130 by Ctrl-C. Rejects when the connection is lost for good. */
export async function converse(options: ConversationOptions): Promise<number> {
  const { client, link, terminal, home, place } = options;
  const { bold, dim } = terminal.out.style;
  const history = openHistory(home);
  using follower = await RunFollower.open(client, link);
  terminal.out.write(
    `${bold(`Aleph ${VERSION}`)}  ${dim(`${place.sessionKey ?? "agent:main:main"} · /help lists commands, Ctrl-D leaves`)}\n`,
  );
  let interrupts = 0;
  /** Lines that were typed before their turn. */
  const ahead: string[] = [];
  const next = async (): Promise<Edited> => {
    const text = ahead.shift();
    if (text !== undefined) {
      terminal.out.write(`${PROMPT}${printableLine(text)}\n`);
      return { kind: "line", text, ahead: [] };
    }
    const { input } = terminal;
    const complete = (line: string) => completeSlash(line, client);
    return editLine({ input, output: process.stdout, prompt: PROMPT, history: history.entries, complete });
  };
  for (;;) {
    const edited = await next();
    if (edited.kind === "end") {
      terminal.out.write("\n");
      return EXIT.ok;
    }
    if (edited.kind === "interrupt") {
      if (++interrupts > 1) return EXIT.interrupted;
      terminal.out.write(`${dim("Ctrl-C again or Ctrl-D leaves")}\n`);
      continue;
    }
    interrupts = 0;
    ahead.push(...edited.ahead);
    if (edited.text.trim() === "") continue;
    history.add(edited.text);
    try {
      if (edited.text.startsWith("/")) {
        const next = await runSlash(edited.text, { client, output: terminal.out, place });
        if (next === "leave") return EXIT.ok;
        if (next === "stay") continue;
      }
      const { error, ...ending } = await runTurn({
        client,
        follower,
        terminal,
        params: {
          ...options.params,
          message: edited.text,
          ...(place.sessionKey ? { session_key: place.sessionKey } : {}),
          ...(place.model ? { model: place.model } : {}),
        },
        thinking: options.thinking,
        onLeftOver: (line) => void ahead.push(line),
      });
      if (error) writeEnd(terminal, error.message, error.hint);
      else if (ending.status !== "completed") writeEnd(terminal, `The run was ${ending.status}`);
    } catch (thrown) {
      // The prompt goes on after what went wrong with one message, but not without a connection.
      const gone = await Promise.race([link.lost.catch(() => true), Promise.resolve(false)]);
      if (gone) throw thrown;
      writeFailure(terminal, thrown, { json: false });
    }
  }
}

function writeEnd({ err }: Terminal, text: string, hint?: string): void {
  err.write(`${err.style.yellow(printable(text))}\n`);
  if (hint !== undefined) writeHint(err, hint);
}
