/** Questions to the person at the terminal. */
import { printableLine } from "../lib/terminal-text.ts";
import { AlephError } from "../protocol/errors.ts";
import { EXIT } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

const ESC = "\x1b";
const KEY_SEQUENCES = new RegExp(`${ESC}\\[[0-9;]*[~A-Za-z]`, "g");

export interface Choice<T> {
  readonly label: string;
  readonly hint?: string;
  readonly value: T;
}

/** The line that was typed, without white space around it, or `preset`. Throws `cancelled` at Ctrl-C or the end of input. */
export async function ask({ input, err }: Terminal, question: string, preset?: string): Promise<string> {
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input, output: process.stderr, terminal: true, historySize: 0 });
  const left = Promise.withResolvers<never>();
  const leave = () => {
    err.write("\n");
    left.reject(interrupted());
  };
  lines.once("SIGINT", leave);
  lines.once("close", leave);
  try {
    const suffix = preset === undefined ? "" : err.style.dim(` [${printableLine(preset)}]`);
    const answer = await Promise.race([lines.question(`${question}${suffix} `), left.promise]);
    return answer.trim() || (preset ?? "");
  } finally {
    lines.off("close", leave);
    lines.close();
    input.pause();
  }
}

export async function confirm(terminal: Terminal, question: string, preset: boolean): Promise<boolean> {
  for (;;) {
    const answer = (await ask(terminal, `${question} ${preset ? "[Y/n]" : "[y/N]"}`)).toLowerCase();
    if (answer === "") return preset;
    if (["y", "yes"].includes(answer)) return true;
    if (["n", "no"].includes(answer)) return false;
    terminal.err.write("Please answer y or n\n");
  }
}

/** Whether to go on with what cannot be undone: `--yes` said so, no one is there to ask, or the person agrees. */
export async function agreed(
  { yes }: { readonly yes?: boolean | undefined },
  terminal: Terminal,
  question: string,
): Promise<boolean> {
  return yes === true || !terminal.interactive || confirm(terminal, question, false);
}

/** One of a list, by its number or its name. A list of numbers works on every terminal and is read out well. */
export async function choose<T>(
  terminal: Terminal,
  question: string,
  choices: readonly Choice<T>[],
  preset = 0,
): Promise<T> {
  const { bold, dim } = terminal.err.style;
  terminal.err.write(`\n${bold(question)}\n`);
  const width = Math.max(...choices.map(({ label }) => Bun.stringWidth(label)));
  choices.forEach(({ label, hint = "" }, at) => {
    const gap = " ".repeat(width - Bun.stringWidth(label));
    terminal.err.write(`  ${String(at + 1).padStart(2)}  ${label}${hint ? `${gap}  ${dim(hint)}` : ""}\n`);
  });
  for (;;) {
    const answer = await ask(terminal, "Number:", String(preset + 1));
    const found =
      choices[Number(answer) - 1] ?? choices.find(({ label }) => label.toLowerCase() === answer.toLowerCase());
    if (found) return found.value;
    terminal.err.write(`There is no ${JSON.stringify(answer)} in the list\n`);
  }
}

/** A secret: what is typed or pasted does not show. Throws `cancelled` at Ctrl-C; empty when only Enter was pressed. */
export async function askSecret({ input, err }: Terminal, question: string): Promise<string> {
  // Before the question shows: what is pasted the moment it does must not be echoed.
  input.setRawMode(true);
  err.write(`${question} `);
  const decoder = new TextDecoder();
  const done = Promise.withResolvers<string>();
  let typed = "";
  const onData = (bytes: Uint8Array) => {
    // Bracketed paste puts marks around what is pasted; other sequences are keys such as the arrows.
    const text = decoder.decode(bytes, { stream: true }).replace(KEY_SEQUENCES, "");
    for (const character of text) {
      if (character === "\r" || character === "\n") return done.resolve(typed);
      if (character === "\x03" || (character === "\x04" && typed === "")) return done.reject(interrupted());
      if (character === "\x7f" || character === "\b") typed = [...typed].slice(0, -1).join("");
      else if (character === "\x15") typed = "";
      else if (character >= " ") typed += character;
    }
  };
  const onEnd = () => done.reject(interrupted());
  input.on("data", onData);
  input.once("end", onEnd);
  input.resume();
  try {
    return (await done.promise).trim();
  } finally {
    input.off("data", onData);
    input.off("end", onEnd);
    input.setRawMode(false);
    input.pause();
    err.write("\n");
  }
}

/** Ctrl-C at a question. */
export function interrupted(): AlephError {
  return new AlephError("cancelled", "Interrupted", { data: { exit_code: EXIT.interrupted } });
}
