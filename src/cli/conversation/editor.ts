/** The line that a person edits at the prompt: history, tab completion, and several lines in one message. */
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import type { ReadStream } from "node:tty";

/** Stands for a line break while a message is edited on one line. */
const BREAK = "⏎";
const ESC = "\x1b";
const PASTE_ON = `${ESC}[?2004h`;
const PASTE_OFF = `${ESC}[?2004l`;
const PASTE_BEGINS = `${ESC}[200~`;
const PASTE_ENDS = `${ESC}[201~`;
const ALT_ENTER = [`${ESC}\r`, `${ESC}\n`];
/** A mark of a paste that has only begun to arrive; a lone Escape is a key of its own. */
const BEGUN_MARK = new RegExp(`${ESC}\\[(?:2(?:0[01]?)?)?$`);
const MARKS = new RegExp(`(${ESC}\\[20[01]~|${ESC}[\\r\\n])`);

export interface EditorOptions {
  readonly input: ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly prompt: string;
  /** Newest first. */
  readonly history: readonly string[];
  /** Whole lines that `line` could become. */
  readonly complete: (line: string) => Promise<readonly string[]>;
}

/** `interrupt`: Ctrl-C on an empty line. `end`: Ctrl-D on an empty line, or the input is over. */
export type Edited =
  /** `ahead`: whole lines that were typed before the prompt was there. */
  | { readonly kind: "line"; readonly text: string; readonly ahead: readonly string[] }
  | { readonly kind: "interrupt" }
  | { readonly kind: "end" };

/**
 * Enter ends the message; Alt+Enter, Ctrl+J, a backslash at the end of a line, and line breaks in pasted text do not.
 * The terminal is in raw mode only until this resolves.
 */
export async function editLine({ input, output, prompt, history, complete }: EditorOptions): Promise<Edited> {
  const keys = new PassThrough();
  const translate = createKeyTranslator();
  const onData = (bytes: Buffer) => void keys.write(translate(bytes.toString("latin1")), "latin1");
  const onEnd = () => void keys.end();
  input.setRawMode(true);
  input.on("data", onData);
  input.once("end", onEnd);
  output.write(PASTE_ON);

  const edited = Promise.withResolvers<Edited>();
  const ahead: string[] = [];
  let isDone = false;
  let begun = "";
  const lines = createInterface({
    input: keys,
    output,
    terminal: true,
    prompt,
    history: history.map((entry) => entry.replaceAll("\n", BREAK)),
    historySize: history.length + 1,
    completer(line: string, done: (error: Error | null, result: [string[], string]) => void) {
      complete(line).then(
        (found) => done(null, [[...found], line]),
        () => done(null, [[], line]),
      );
    },
  });
  lines.on("line", (line) => {
    if (isDone) ahead.push(line.replaceAll(BREAK, "\n"));
    else if (line.endsWith("\\")) {
      begun += `${line.slice(0, -1)}${BREAK}`;
      lines.setPrompt("… ");
      lines.prompt();
    } else {
      isDone = true;
      edited.resolve({ kind: "line", text: (begun + line).replaceAll(BREAK, "\n"), ahead });
    }
  });
  lines.on("SIGINT", () => {
    if (lines.line === "" && begun === "") {
      output.write("\n");
      return edited.resolve({ kind: "interrupt" });
    }
    begun = "";
    output.write("^C\n");
    lines.setPrompt(prompt);
    lines.write(null, { ctrl: true, name: "e" });
    lines.write(null, { ctrl: true, name: "u" });
    lines.prompt();
  });
  lines.on("close", () => edited.resolve({ kind: "end" }));
  // Job control would leave the terminal in raw mode.
  lines.on("SIGTSTP", () => undefined);
  lines.prompt();
  input.resume();
  try {
    return await edited.promise;
  } finally {
    lines.close();
    input.off("data", onData);
    input.off("end", onEnd);
    input.pause();
    output.write(PASTE_OFF);
    input.setRawMode(false);
  }
}

/**
 * Turns line breaks that do not end the message into `BREAK`, and takes the marks of a paste away together with control
 * characters inside of it. Works on bytes (as Latin-1), since a character may arrive in parts.
 */
export function createKeyTranslator(): (bytes: string) => string {
  const mark = Buffer.from(BREAK).toString("latin1");
  let pasting = false;
  let held = "";
  return (bytes) => {
    let text = held + bytes;
    held = BEGUN_MARK.exec(text)?.[0] ?? "";
    text = text.slice(0, text.length - held.length);
    let result = "";
    for (const part of text.split(MARKS)) {
      if (part === PASTE_BEGINS) pasting = true;
      else if (part === PASTE_ENDS) pasting = false;
      else if (ALT_ENTER.includes(part)) result += mark;
      else if (pasting) result += withoutControls(part.replace(/\r\n|\r|\n/g, mark).replaceAll("\t", " "));
      // Ctrl+J by itself; among other bytes it is an Enter that was typed before the prompt was there.
      else result += bytes === "\n" ? mark : part.replaceAll("\n", "\r");
    }
    return result;
  };
}

/** Bytes above 0x7f are parts of characters. */
function withoutControls(bytes: string): string {
  return [...bytes].filter((byte) => byte >= " " && byte !== "\x7f").join("");
}
