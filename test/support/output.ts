/** Outputs of the command line that a test can read. */
import { createStyle } from "../../src/cli/style.ts";
import type { Output, Terminal } from "../../src/cli/terminal.ts";

export interface TestOutput extends Output {
  readonly text: string;
}

/** With a width it is a terminal, without colours. `onWrite` sees what several outputs write in its order. */
export function testOutput(width?: number, onWrite: (text: string) => void = () => undefined): TestOutput {
  let text = "";
  return {
    write(more) {
      text += more;
      onWrite(more);
    },
    isTerminal: width !== undefined,
    width,
    style: createStyle(false),
    get text() {
      return text;
    },
  };
}

export interface TestTerminal extends Terminal {
  readonly out: TestOutput;
  readonly err: TestOutput;
  /** What a person sees when both go to one screen. */
  readonly screen: string;
}

/** With a width both outputs are one terminal, otherwise pipes. Nobody can be asked. */
export function testTerminal(width?: number): TestTerminal {
  let screen = "";
  const onWrite = (text: string) => {
    screen += text;
  };
  return {
    out: testOutput(width, onWrite),
    err: testOutput(width, onWrite),
    input: process.stdin,
    interactive: false,
    get screen() {
      return screen;
    },
  };
}
