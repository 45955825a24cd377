/** Questions to the person at the terminal. */
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

/** The line that was typed, without white space around it, or `preset`. Throws `cancelled` at Ctrl-C. */
export async function ask(question: string, preset?: string): Promise<string> {
  const answer = await prompt((consola) =>
    consola.prompt(question, {
      type: "text",
      cancel: "reject",
      ...(preset === undefined ? {} : { default: preset, placeholder: preset }),
    }),
  );
  return answer.trim();
}

export function confirm(question: string, preset: boolean): Promise<boolean> {
  return prompt((consola) => consola.prompt(question, { type: "confirm", cancel: "reject", initial: preset }));
}

/** One of a few, with the arrow keys. */
export async function choose<T>(question: string, choices: readonly Choice<T>[], preset = 0): Promise<T> {
  const options = choices.map(({ label, hint }, at) => ({ label, value: String(at), ...(hint ? { hint } : {}) }));
  const picked: unknown = await prompt((consola) =>
    consola.prompt(question, { type: "select", cancel: "reject", options, initial: String(preset) }),
  );
  return choices[Number(picked)]!.value;
}

/** A secret: what is typed or pasted does not show. Throws `cancelled` at Ctrl-C; empty when only Enter was pressed. */
export async function askSecret({ input, err }: Terminal, question: string): Promise<string> {
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
  input.setRawMode(true);
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

async function prompt<T>(show: (consola: typeof import("consola").consola) => Promise<T>): Promise<T> {
  const { consola } = await import("consola");
  try {
    return await show(consola);
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === "ConsolaPromptCancelledError") throw interrupted(thrown);
    throw thrown;
  }
}

/** Ctrl-C at a question. */
export function interrupted(cause?: unknown): AlephError {
  return new AlephError("cancelled", "Interrupted", { cause, data: { exit_code: EXIT.interrupted } });
}
