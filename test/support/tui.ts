/** The terminal interface without a terminal: at a real server, typed at by key events, seen as text. */

import { openDesk } from "../../src/tui/desk.ts";
import { frameOf } from "../../src/tui/frame.ts";
import type { Line } from "../../src/tui/line.ts";
import { type Key, press } from "../../src/tui/press.ts";
import { type Attachment, Ui } from "../../src/tui/ui.ts";
import { createWire } from "../../src/tui/wire.ts";
import { testApp } from "./app.ts";
import type { ProviderFake } from "./providers/fake.ts";
import { startOpenAiFake } from "./providers/openai.ts";
import { until } from "./until.ts";

const MAIN = "agent:main:main";

export interface TestUi extends AsyncDisposable {
  readonly ui: Ui;
  readonly fake: ProviderFake;
  readonly app: Awaited<ReturnType<typeof testApp>>;
  /** What was typed and sent, newest first. */
  readonly history: string[];
  /** The exit codes that it left with. */
  readonly left: number[];
  size: { width: number; height: number };
  type(text: string): void;
  /** As `ctrl+c`, `return`, `up`. */
  key(...names: string[]): void;
  /** What is seen, without the spaces at the ends of lines. */
  screen(): string;
  shows(what: string | RegExp): Promise<string>;
}

export interface TestUiOptions {
  readonly folder?: string;
  readonly now?: () => number;
  readonly history?: readonly string[];
  readonly readAttachment?: (path: string) => Promise<Attachment>;
}

export async function testUi(options: TestUiOptions = {}): Promise<TestUi> {
  await using stack = new AsyncDisposableStack();
  const fake = stack.use(startOpenAiFake({ models: ["m", "n"] }));
  const app = stack.use(
    await testApp({
      config: {
        providers: { fake: { type: "openai-compatible", base_url: fake.url, api_key: "k", models: ["m", "n"] } },
        models: { default: "fake/m" },
      },
    }),
  );
  const { now = Date.now } = options;
  const wire = createWire();
  const desk = stack.use(await openDesk({ client: app.client, wire, sessionKey: MAIN, now }));
  const history = [...(options.history ?? [])];
  const left: number[] = [];
  const ui = new Ui({
    desk,
    theme: "dark",
    history: { entries: history, add: (text) => void history.unshift(text) },
    readAttachment: options.readAttachment ?? (() => Promise.reject(new Error("no file is read here"))),
    folder: options.folder ?? "/nowhere",
    now,
    createId: () => crypto.randomUUID(),
    maxPayload: app.client.hello.policy.max_payload,
    leave: (code) => void left.push(code),
  });
  const owned = stack.move();
  const textOf = (line: Line) =>
    line
      .map((piece) => piece.text)
      .join("")
      .trimEnd();
  const tui: TestUi = {
    ui,
    fake,
    app,
    history,
    left,
    size: { width: 80, height: 24 },
    type(text) {
      for (const character of text) press(ui, keyFor(character), tui.size);
    },
    key(...names) {
      for (const name of names) press(ui, keyFor(name), tui.size);
    },
    screen: () => frameOf(ui, tui.size.width, tui.size.height).lines.map(textOf).join("\n"),
    async shows(what) {
      return until(() => {
        const screen = tui.screen();
        return (typeof what === "string" ? screen.includes(what) : what.test(screen)) && screen;
      });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  return tui;
}

function keyFor(name: string): Key {
  const parts = name.length > 1 ? name.split("+") : [name];
  const base = parts.at(-1)!;
  const [ctrl, alt, shift] = ["ctrl", "alt", "shift"].map((word) => parts.slice(0, -1).includes(word)) as [
    boolean,
    boolean,
    boolean,
  ];
  return { name: base, ctrl, alt, shift, text: base.length === 1 && !ctrl && !alt ? base : "" };
}
