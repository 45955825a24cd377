/** The terminal itself: OpenTUI draws the frames and reads keys, mouse and pastes. The only file that knows it. */
import {
  BoxRenderable,
  type CliRenderer,
  createCliRenderer,
  type KeyEvent,
  type MouseEvent,
  type OptimizedBuffer,
  RGBA,
  TextAttributes,
} from "@opentui/core";
import { effect } from "@preact/signals";
import type { Frame } from "./frame.ts";
import { type Look, widthOf } from "./line.ts";
import { createOutput, snapshotOf } from "./output.ts";
import type { Key, Size } from "./press.ts";
import { type Depth, type Palette, paletteOf, type ThemeName } from "./theme.ts";

export interface ScreenOptions {
  readonly depth: Depth;
  /** Called when it is time to draw; what it reads of signals makes the next drawing due. */
  readonly draw: (size: Size) => Frame;
  readonly theme: () => ThemeName;
  /** The terminal told whether its background is dark. */
  readonly onTheme: (theme: ThemeName) => void;
  readonly onKey: (key: Key, size: Size) => void;
  readonly onPaste: (text: string) => void;
  readonly onWheel: (by: -1 | 1, size: Size) => void;
  readonly onClick: (act: ReturnType<Frame["at"]>) => void;
  /** Whether time alone changes the picture. */
  readonly isTicking: () => boolean;
  readonly onFailure: (thrown: unknown) => void;
}

const TICK_MS = 200;
const RESUME_MS = 50;

/** Rejects where the drawing library cannot be loaded. The terminal is as before once this is disposed of. */
export async function openScreen(options: ScreenOptions): Promise<Disposable> {
  const before = listeners();
  const { stdout } = process;
  const renderer = await createCliRenderer({
    stdout: createOutput(stdout, options.depth),
    remote: false,
    exitOnCtrlC: false,
    exitSignals: [],
    consoleMode: "disabled",
    openConsoleOnError: false,
    useMouse: true,
    enableMouseMovement: false,
    targetFps: 30,
    maxFps: 30,
    debounceDelay: 30,
  });
  // Its own handlers would show a console of its own over what went wrong.
  removeNew(before);
  try {
    return new Drawing(renderer, options);
  } catch (thrown) {
    renderer.destroy();
    throw thrown;
  }
}

class Drawing implements Disposable {
  readonly #renderer: CliRenderer;
  readonly #options: ScreenOptions;
  readonly #colours: (look: Look, palette: Palette) => { fg: RGBA; bg: RGBA; attributes: number };
  #frame: Frame | undefined;
  #watch: (() => void) | undefined;
  #ticks: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(renderer: CliRenderer, options: ScreenOptions) {
    this.#renderer = renderer;
    this.#options = options;
    this.#colours = createColours();
    const canvas = new BoxRenderable(renderer, {
      width: "100%",
      height: "100%",
      renderAfter: (buffer) => this.#draw(buffer),
      onMouseDown: (event) => this.#clicked(event),
      onMouseScroll: (event) => this.#wheeled(event),
    });
    renderer.root.add(canvas);
    renderer.keyInput.on("keypress", (event) => this.#pressed(event));
    renderer.keyInput.on("paste", (event) => options.onPaste(new TextDecoder().decode(event.bytes)));
    process.stdout.on("resize", this.#resized);
    renderer.on("resize", () => renderer.requestRender());
    renderer.on("theme_mode", (mode: ThemeName) => options.onTheme(mode));
    if (renderer.themeMode) options.onTheme(renderer.themeMode);
    renderer.requestRender();
  }

  /** As Ctrl+Z does; the screen is back when the process goes on. */
  #suspend(): void {
    this.#renderer.suspend();
    // To all of the job, as a terminal does it.
    process.kill(0, "SIGTSTP");
    // Runs when the process goes on, or at once where there is no shell that could stop it.
    setTimeout(() => {
      if (this.#over) return;
      this.#renderer.resume();
      this.#resized();
    }, RESUME_MS);
  }

  [Symbol.dispose](): void {
    if (this.#over) return;
    this.#over = true;
    this.#watch?.();
    clearTimeout(this.#ticks);
    process.stdout.off("resize", this.#resized);
    this.#renderer.destroy();
  }

  readonly #resized = (): void => {
    this.#renderer.resize(process.stdout.columns, process.stdout.rows);
  };

  get #size(): Size {
    return { width: this.#renderer.width, height: this.#renderer.height };
  }

  #draw(buffer: OptimizedBuffer): void {
    if (this.#over) return;
    try {
      const frame = this.#watched();
      this.#frame = frame;
      this.#paint(buffer, frame);
      const { cursor } = frame;
      this.#renderer.setCursorPosition(cursor ? cursor.x + 1 : 1, cursor ? cursor.y + 1 : 1, cursor !== undefined);
    } catch (thrown) {
      this.#options.onFailure(thrown);
      return;
    }
    clearTimeout(this.#ticks);
    if (this.#options.isTicking()) this.#ticks = setTimeout(() => this.#renderer.requestRender(), TICK_MS);
  }

  /** The frame; when a signal that it was made of changes, another one is asked for. */
  #watched(): Frame {
    this.#watch?.();
    let frame: Frame | undefined;
    this.#watch = effect(() => {
      if (frame) queueMicrotask(() => this.#over || this.#renderer.requestRender());
      else frame = this.#options.draw(this.#size);
    });
    return frame!;
  }

  #paint(buffer: OptimizedBuffer, { lines }: Frame): void {
    const palette = paletteOf(this.#options.theme(), this.#options.depth);
    lines.forEach((line, y) => {
      let x = 0;
      for (const { text, look } of line) {
        const { fg, bg, attributes } = this.#colours(look, palette);
        buffer.drawText(text, x, y, fg, bg, attributes);
        x += widthOf(text);
      }
    });
  }

  #pressed(event: KeyEvent): void {
    if (event.eventType === "release") return;
    if (event.ctrl && event.name === "z" && process.platform !== "win32")
      return void this.#safely(() => this.#suspend());
    this.#safely(() => this.#options.onKey(keyOf(event), this.#size));
  }

  #clicked({ x, y, button }: MouseEvent): void {
    if (button === 0) this.#safely(() => this.#options.onClick(this.#frame?.at(x, y)));
  }

  #wheeled({ scroll }: MouseEvent): void {
    if (scroll?.direction === "up") this.#safely(() => this.#options.onWheel(-1, this.#size));
    if (scroll?.direction === "down") this.#safely(() => this.#options.onWheel(1, this.#size));
  }

  #safely(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.#options.onFailure(thrown);
    }
  }
}

export function keyOf({
  name,
  ctrl,
  meta,
  option,
  shift,
  sequence,
}: Pick<KeyEvent, "name" | "ctrl" | "meta" | "option" | "shift" | "sequence">): Key {
  const isText =
    !ctrl && !meta && !option && !/\p{Cc}/u.test(sequence) && sequence !== "" && !sequence.startsWith("\x1b");
  return {
    name:
      name === "enter"
        ? "return"
        : isText && name.length !== 1 && sequence.length <= 2 && name !== "space"
          ? name || sequence
          : name === "space"
            ? " "
            : name,
    ctrl,
    alt: meta || option,
    shift,
    text: isText ? sequence : "",
  };
}

function createColours() {
  const front = RGBA.defaultForeground();
  const back = RGBA.defaultBackground();
  const known = new Map<number, RGBA>();
  const indexed = (index: number | undefined) => {
    if (index === undefined) return front;
    const colour =
      known.get(index) ?? RGBA.fromIndex(index, index < 16 ? RGBA.fromInts(...snapshotOf(index)) : undefined);
    known.set(index, colour);
    return colour;
  };
  return (look: Look, palette: Palette) => {
    const isFaint = look.hue === "muted" && palette.muted === undefined;
    const attributes =
      (look.bold ? TextAttributes.BOLD : 0) |
      (look.italic ? TextAttributes.ITALIC : 0) |
      (look.underline ? TextAttributes.UNDERLINE : 0) |
      (look.strike ? TextAttributes.STRIKETHROUGH : 0) |
      (look.inverse ? TextAttributes.INVERSE : 0) |
      (isFaint ? TextAttributes.DIM : 0);
    return { fg: indexed(palette[look.hue]), bg: back, attributes };
  };
}

const CRASHES = ["uncaughtException", "unhandledRejection"] as const;

function listeners() {
  return CRASHES.map((name) => new Set(process.listeners(name as "uncaughtException")));
}

function removeNew(before: ReturnType<typeof listeners>): void {
  CRASHES.forEach((name, at) => {
    for (const listener of process.listeners(name as "uncaughtException")) {
      if (!before[at]!.has(listener)) process.off(name, listener);
    }
  });
}
