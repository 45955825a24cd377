/** Tells on a terminal that something takes long, and how far it is; says nothing on a pipe. */
import { cut } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface Progress extends Disposable {
  /** What is being done now. */
  say(what: string): void;
  /** How much of it is done, from 0 to 1. */
  set(part: number): void;
}

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const EVERY_MS = 100;
/** What is over sooner needs no sign. */
const AFTER_MS = 300;
const BAR = 20;

/** One line at the foot of the terminal, taken away when disposed. Nothing else may write to it meanwhile. */
export function openProgress({ err }: Pick<Terminal, "err">, what: string): Progress {
  if (!err.isTerminal) return { say: () => undefined, set: () => undefined, [Symbol.dispose]: () => undefined };
  let said = what;
  let part: number | undefined;
  let frame = 0;
  let shown = false;
  const draw = () => {
    const mark = err.style.cyan(FRAMES[frame++ % FRAMES.length]!);
    const room = Math.max(10, (err.width ?? 80) - 4 - (part === undefined ? 0 : BAR + 7));
    err.write(`\r\x1b[K${mark} ${cut(said, room)}${part === undefined ? "" : ` ${bar(part)}`}`);
    shown = true;
  };
  let timer = setTimeout(function tick() {
    draw();
    timer = setTimeout(tick, EVERY_MS);
    timer.unref();
  }, AFTER_MS);
  timer.unref();
  return {
    say(next) {
      said = next;
      part = undefined;
    },
    set(next) {
      part = Math.min(1, Math.max(0, next));
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      if (shown) err.write("\r\x1b[K");
      shown = false;
    },
  };
}

function bar(part: number): string {
  const full = Math.round(part * BAR);
  return `${"█".repeat(full)}${"░".repeat(BAR - full)} ${String(Math.round(part * 100)).padStart(3)} %`;
}

/** Runs `work` under such a line. */
export async function withProgress<T>(
  terminal: Pick<Terminal, "err">,
  what: string,
  work: (progress: Progress) => Promise<T>,
): Promise<T> {
  using progress = openProgress(terminal, what);
  return await work(progress);
}
