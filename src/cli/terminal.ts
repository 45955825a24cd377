/** Where a command reads and writes: the standard streams with what is known of the terminal behind them. */
import type { ReadStream } from "node:tty";
import type { Environment } from "../config/environment.ts";
import { EXIT } from "./exit-codes.ts";
import { writeFailure } from "./failure.ts";
import { createStyle, type Style } from "./style.ts";

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Columns of the terminal now; nothing when it is none, so that nothing is cut. */
  readonly width: number | undefined;
  readonly style: Style;
}

export interface Terminal {
  readonly out: Output;
  /** For all that is not the result: questions, progress, errors. */
  readonly err: Output;
  readonly input: ReadStream;
  /** Whether a person can be asked: input and `err` are a terminal. */
  readonly interactive: boolean;
}

/** The terminal of this process. A reader of the output that is gone (`aleph … | head`) ends the process quietly. */
export function openTerminal(env: Environment): Terminal {
  const { stdin, stdout, stderr } = process;
  const colourful = !env.noColor && env.term !== "dumb";
  const terminal: Terminal = {
    out: outputOf(stdout, colourful, (error) => void writeFailure(terminal, error, { json: false })),
    // What cannot be written there cannot be told there.
    err: outputOf(stderr, colourful, () => undefined),
    input: stdin,
    interactive: stdin.isTTY === true && stderr.isTTY === true,
  };
  return terminal;
}

function outputOf(stream: NodeJS.WriteStream, colourful: boolean, onFailure: (error: Error) => void): Output {
  const isTerminal = stream.isTTY === true;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.ok);
    // A result of which a part is missing is none.
    onFailure(error);
    process.exit(EXIT.failure);
  });
  return {
    write: (text) => void stream.write(text),
    isTerminal,
    get width() {
      return isTerminal ? stream.columns || 80 : undefined;
    },
    style: createStyle(isTerminal && colourful),
  };
}
