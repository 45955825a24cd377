/** The terminal interface of the executable, in a real terminal: typed at, looked at, resized, cut off and ended. */
import { expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executablePath, type Server, startServer, testExecutableIf } from "../support/executable.ts";
import { fakeHome } from "../support/fake-home.ts";
import type { ProviderFake } from "../support/providers/fake.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { findTmux, openTmux, type Tmux, type TmuxOptions } from "../support/tmux.ts";
import { until } from "../support/until.ts";

const LONG_MS = 120_000;
const READY = "Write a message";
/** What sets colours and weights. */
const SGR = new RegExp(`${String.fromCharCode(27)}\\[([\\d;]*)m`, "g");

interface Desk extends AsyncDisposable {
  readonly home: string;
  readonly fake: ProviderFake;
  readonly url: string;
  /** At 80 by 24 where nothing else is said. */
  open(
    options?: Partial<Pick<TmuxOptions, "columns" | "rows" | "term" | "cwd" | "env">>,
    args?: string,
    before?: string,
  ): Promise<Tmux>;
  kill(): Promise<void>;
  /** Starts the server again, at the port that it had. */
  start(): Promise<void>;
}

function testTui(name: string, run: (desk: Desk) => Promise<void>): void {
  const possible = findTmux() !== undefined || process.env.ALEPH_REQUIRE_TMUX === "1";
  testExecutableIf(possible)(
    `the terminal interface ${name}`,
    async () => {
      await using desk = await openDesk();
      await run(desk);
    },
    LONG_MS,
  );
}

async function openDesk(): Promise<Desk> {
  await using stack = new AsyncDisposableStack();
  const fake = stack.use(startOpenAiFake({ models: ["m", "n"] }));
  const { path: home } = stack.use(await fakeHome(fake));
  let server: Server = await startServer({ home });
  stack.defer(() => server[Symbol.asyncDispose]());
  const owned = stack.move();
  return {
    home,
    fake,
    get url() {
      return server.url;
    },
    async open({ columns = 80, rows = 24, cwd = home, env = {}, ...rest } = {}, args = "", before = "") {
      return owned.use(
        await openTmux({
          command: `${before} ${executablePath()} tui ${args}`,
          columns,
          rows,
          cwd,
          env: { HOME: home, ALEPH_HOME: home, ...env },
          ...rest,
        }),
      );
    },
    async kill() {
      server.kill("SIGKILL");
      await server.finished;
    },
    async start() {
      server = await startServer({ home, args: ["--port", new URL(server.url).port] });
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The terminal is as a shell wants it: no alternate screen, no mouse, a cursor, lines that echo. */
async function expectGivenBack(tmux: Tmux, code: number): Promise<string> {
  const screen = await tmux.shows(/ended \d+[\s\S]*echo/);
  const left = await tmux.ask("#{alternate_on} #{mouse_any_flag} #{cursor_flag} #{bracket_paste_flag}");
  expect({
    code: Number(/ended (\d+)/.exec(screen)?.[1]),
    modes: left.trim(),
    cooked: /(?<!-)icanon/.test(screen) && /(?<!-)\becho\b/.test(screen) && /(?<!-)\bisig\b/.test(screen),
  }).toEqual({ code, modes: expect.stringMatching(/^0 0 1/), cooked: true });
  return screen;
}

for (const [columns, rows] of [
  [80, 24],
  [200, 60],
] as const) {
  testTui(`shows an answer as it is written, at ${columns} by ${rows}`, async ({ open, fake }) => {
    const more = Promise.withResolvers<void>();
    fake.reply(["# A heading\n\nThe **first** half", { wait: more.promise }, " and the second.\n\n- one\n- two"]);
    const tmux = await open({ columns, rows });
    await tmux.shows(READY);
    await tmux.type("What is there?");
    await tmux.press("Enter");
    const begun = await tmux.shows("The first half");
    expect(begun).toContain("▌ What is there?");
    expect(begun).toContain("writing");
    expect(begun.includes("Conversations")).toBe(columns === 200);
    expect(begun.includes("Approvals")).toBe(columns === 200);
    more.resolve();
    const whole = await tmux.shows("• two");
    expect(whole).toContain("The first half and the second.");
    expect(whole).toContain("A heading");
    const status = (await tmux.shows("? keys")).trimEnd().split("\n").at(-1)!;
    expect(status).toContain("● connected · fake/m · ");
    // Its last row and column are its own too.
    expect(whole.split("\n").length).toBeLessThanOrEqual(rows + 1);
    await tmux.press("C-d");
    await expectGivenBack(tmux, 0);
  });
}

testTui("shows what is to be approved whole, and a key answers", async ({ open, fake, home }) => {
  const command = "echo step > made.txt";
  fake.reply([{ tool_call: { name: "exec", args: { command } } }], "It is made.");
  const tmux = await open();
  await tmux.shows(READY);
  await tmux.type("make it");
  await tmux.press("Enter");
  const asked = await tmux.shows("y once");
  for (const part of [
    "Allow exec?",
    command,
    "cwd",
    "reach no host",
    "Not a plain command",
    "waits for you",
    "Answer above",
  ]) {
    expect(asked).toContain(part);
  }
  await tmux.press("x");
  expect(await Bun.file(join(home, "workspace/made.txt")).exists()).toBe(false);
  await tmux.press("y");
  const done = await tmux.shows("It is made.");
  expect(done).not.toContain("Allow exec?");
  expect(done).toContain("✓ exec $ echo step > made.txt");
  // The card opens with the keys.
  await tmux.press("Tab", "Up", "Enter");
  const opened = await tmux.shows("Result");
  expect(opened).toContain("▾ ✓ exec");
  await tmux.press("Enter");
  await tmux.gone("Result");
});

testTui("denies by key, and a question that is put off waits", async ({ open, fake, home }) => {
  fake.reply([{ tool_call: { name: "exec", args: { command: "echo step > made.txt" } } }], "Then not.");
  const tmux = await open();
  await tmux.shows(READY);
  await tmux.type("make it");
  await tmux.press("Enter");
  await tmux.shows("y once");
  await tmux.press("Escape");
  await tmux.shows("Tab answers this");
  await tmux.type("yes");
  await tmux.shows("› yes");
  await tmux.press("C-u", "Tab");
  await tmux.shows("n deny");
  await tmux.press("n");
  const done = await tmux.shows("Then not.");
  expect(done).toContain("⊘ exec");
  expect(done).toContain("denied");
  expect(await Bun.file(join(home, "workspace/made.txt")).exists()).toBe(false);
});

testTui("lists its keys, completes words behind a slash, and runs them", async ({ open }) => {
  const tmux = await open();
  await tmux.shows(READY);
  await tmux.press("?");
  const keys = await tmux.shows("Alt+Enter, Ctrl+J");
  expect(keys).toContain("Keys");
  await tmux.press("Escape");
  await tmux.gone("Alt+Enter, Ctrl+J");
  await tmux.type("/");
  // Ours, and those that the server answers to.
  await tmux.shows("/new");
  await tmux.type("st");
  const menu = await tmux.shows("/status");
  expect(menu).toContain("/stop");
  expect(menu).not.toContain("/new");
  await tmux.press("C-u");
  await tmux.type("/the");
  await tmux.shows("/theme");
  await tmux.press("Tab");
  await tmux.shows("› /theme");
  await tmux.press("C-u");
  await tmux.type("/qu");
  await tmux.press("Enter");
  await expectGivenBack(tmux, 0);
});

testTui("attaches a file that an @ names", async ({ open, fake, home }) => {
  const cwd = join(home, "work");
  mkdirSync(join(cwd, "notes"), { recursive: true });
  writeFileSync(join(cwd, "notes/list of things.txt"), "milk and honey");
  fake.reply("Milk and honey.");
  const tmux = await open({ cwd });
  await tmux.shows(READY);
  await tmux.type("Read @no");
  await tmux.shows("notes/");
  await tmux.press("Tab");
  await tmux.shows("list of things.txt");
  await tmux.press("Tab");
  await tmux.shows("with notes/list of things.txt (14 B)");
  await tmux.press("Enter");
  await tmux.shows("Milk and honey.");
  expect(JSON.stringify(fake.requests[0]!.body.messages)).toContain("milk and honey");
});

testTui("fits a window that changes its size while it writes", async ({ open, fake }) => {
  const go = Promise.withResolvers<void>();
  const words = Array.from({ length: 60 }, (_, at) => `word${at}`).join(" ");
  fake.reply([words, { wait: go.promise }, " and the end."]);
  const tmux = await open();
  await tmux.shows(READY);
  await tmux.type("Count");
  await tmux.press("Enter");
  await tmux.shows("word59");
  await tmux.resize(200, 60);
  const wide = await tmux.shows("Conversations");
  expect(wide).toContain("word59");
  await tmux.resize(44, 12);
  const narrow = await tmux.gone("Conversations");
  expect(Math.max(...narrow.split("\n").map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(44);
  go.resolve();
  await tmux.shows(/and the\s+end\./);
  await tmux.resize(10, 3);
  await tmux.shows("Too small");
  await tmux.resize(80, 24);
  await tmux.shows("and the end.");
});

testTui("stops an answer with Ctrl+C, and a second one leaves", async ({ open, fake }) => {
  const never = Promise.withResolvers<void>();
  fake.reply(["The beginning", { wait: never.promise }], "Another answer.");
  const tmux = await open();
  await tmux.shows(READY);
  await tmux.type("Talk");
  await tmux.press("Enter");
  await tmux.shows("The beginning");
  await tmux.press("C-c");
  const stopped = await tmux.shows("Stopped");
  expect(stopped).toContain("The beginning");
  await tmux.type("Go on");
  await tmux.press("Enter");
  await tmux.shows("Another answer.");
  await tmux.press("C-c");
  await tmux.shows("Ctrl+C again leaves");
  await tmux.press("C-c");
  await expectGivenBack(tmux, 130);
});

testTui("queues what is written meanwhile, and hands on what is meant for the answer under way", async (desk) => {
  const { open, fake } = desk;
  const go = Promise.withResolvers<void>();
  fake.reply(["One. ", { wait: go.promise }, { tool_call: { name: "list", args: {} } }], "Two.", "Three.");
  const tmux = await open({ rows: 40 });
  await tmux.shows(READY);
  await tmux.type("first");
  await tmux.press("Enter");
  await tmux.shows("One.");
  await tmux.type("later");
  await tmux.press("Enter");
  await tmux.shows("waits its turn");
  await tmux.type("now");
  await tmux.press("C-g");
  await tmux.gone("› now");
  go.resolve();
  const done = await tmux.shows("Three.");
  const order = ["▌ first", "One.", "▌ now", "Two.", "▌ later", "Three."].map((words) => done.indexOf(words));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(order[0]).toBeGreaterThanOrEqual(0);
});

testTui("stays where the person scrolled to, and says that something new came", async ({ open, fake }) => {
  const go = Promise.withResolvers<void>();
  const lines = Array.from({ length: 80 }, (_, at) => `- line ${at}.`).join("\n");
  fake.reply([lines, { wait: go.promise }, "\n- the last line"]);
  const tmux = await open();
  await tmux.shows(READY);
  await tmux.type("Many lines");
  await tmux.press("Enter");
  await tmux.shows("line 79.");
  await tmux.press("PPage", "PPage");
  const before = await tmux.gone("line 79.");
  go.resolve();
  await tmux.shows("new below");
  const top = (text: string) => /line \d+\./.exec(text)?.[0];
  expect(top(await tmux.screen())).toBe(top(before)!);
  // The wheel, as a terminal reports it.
  await tmux.type("\x1b[<64;10;10M");
  await until(async () => top(await tmux.screen()) !== top(before));
  await tmux.press("C-End");
  await tmux.shows("the last line");
  expect(await tmux.gone("new below")).not.toContain("Ctrl+End");
});

testTui("uses no colour where none is wanted, and sixteen where there are no more", async ({ open, fake }) => {
  fake.reply("A `code` and a [link](https://example.org).", "A `code` and a [link](https://example.org).");
  const plain = await open({ env: { NO_COLOR: "1" } });
  await plain.shows(READY);
  await plain.type("Hello");
  await plain.press("Enter");
  await plain.shows("A code and a link");
  await plain.shows("? keys");
  const colours = (text: string) => [...text.matchAll(SGR)].flatMap(([, codes = ""]) => codesOf(codes));
  expect(colours(await plain.coloured()).filter((code) => code !== "39" && code !== "49")).toEqual([]);
  await plain.press("C-d");

  const few = await open({ term: "screen" });
  await few.shows("A code and a link");
  await few.shows("? keys");
  const used = new Set(colours(await few.coloured()).filter((code) => code !== "39" && code !== "49"));
  expect(used.size).toBeGreaterThan(0);
  expect([...used].filter((code) => !/^(?:[39][0-7]|38;5;(?:\d|1[0-5]))$/.test(code))).toEqual([]);
});

testTui("refuses a terminal that cannot show it, with what to do instead", async ({ open }) => {
  const tmux = await open({}, "", "TERM=dumb");
  const screen = await tmux.shows("ended");
  expect(screen).toContain("aleph-server chat");
});

testTui("survives the death of its server, and says what was interrupted", async ({ open, fake, kill, start }) => {
  const never = Promise.withResolvers<void>();
  fake.reply(["The first half.", { wait: never.promise }]);
  const tmux = await open();
  await tmux.shows(READY);
  await tmux.type("Tell me");
  await tmux.press("Enter");
  await tmux.shows("The first half.");
  await kill();
  const lost = await tmux.shows("connection lost");
  expect(lost).toContain("The first half.");
  await start();
  await tmux.shows("● connected");
  const back = await tmux.shows("Interrupted: the server stopped");
  expect(back.split("▌ Tell me").length).toBe(2);
  fake.reply("The second half.");
  await tmux.type("Go on");
  await tmux.press("Enter");
  await tmux.shows("The second half.");
});

for (const [signal, code] of [
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  testTui(`gives the terminal back at ${signal}`, async ({ open }) => {
    const tmux = await open();
    await tmux.shows(READY);
    expect(await tmux.ask("#{alternate_on}")).toBe("1");
    process.kill(await tmux.pid(), signal);
    await expectGivenBack(tmux, code);
  });
}

testTui("switches, names, finds and deletes conversations", async ({ open, fake }) => {
  fake.reply("About boats.", "About trains.");
  const tmux = await open({ columns: 140, rows: 30 });
  await tmux.shows(READY);
  await tmux.type("boats");
  await tmux.press("Enter");
  await tmux.shows("About boats.");
  await tmux.press("C-n");
  await tmux.shows("Nothing has been said here yet");
  await tmux.type("trains");
  await tmux.press("Enter");
  await tmux.shows("About trains.");
  await tmux.type("/rename Railways");
  await tmux.press("Enter");
  await tmux.shows("Railways");
  await tmux.press("C-f");
  await tmux.type("boats");
  await tmux.shows(/▸ .*boats/);
  await tmux.press("Enter");
  await tmux.shows("About boats.");
  await tmux.press("C-p");
  await tmux.type("Railw");
  await tmux.shows(/▸ Railways/);
  await tmux.press("Enter");
  await tmux.shows("About trains.");
  await tmux.type("/delete");
  await tmux.press("Enter");
  await tmux.shows('Delete "Railways"');
  await tmux.press("y");
  await tmux.shows("About boats.");
  await tmux.gone("Railways");
});

testTui("changes the model of a conversation", async ({ open, fake }) => {
  fake.reply("I am m.", "I am n.");
  const tmux = await open();
  await tmux.shows(READY);
  await tmux.type("Who?");
  await tmux.press("Enter");
  await tmux.shows("I am m.");
  await tmux.press("C-l");
  await tmux.shows("fake/n");
  await tmux.type("fake/n");
  await tmux.shows(/▸ fake\/n/);
  await tmux.press("Enter");
  await tmux.shows("● connected · fake/n");
  await tmux.type("Who now?");
  await tmux.press("Enter");
  await tmux.shows("I am n.");
  expect(fake.requests[1]!.body.model).toBe("n");
});

testTui("opens at a server elsewhere, and says what to do when none answers", async ({ open, url, fake, home }) => {
  fake.reply("From afar.");
  const token = (await Bun.file(join(home, "credentials/token")).text()).trim();
  const other = join(home, "other");
  mkdirSync(other);
  const env = { ALEPH_HOME: other, ALEPH_TOKEN: token };
  const tmux = await open({ env }, `--url ${url}`);
  await tmux.shows(READY);
  await tmux.type("Hello");
  await tmux.press("Enter");
  await tmux.shows("From afar.");
  const none = await open({ env }, "--url http://127.0.0.1:9");
  const screen = await none.shows("ended 69");
  expect(screen).toContain("No server answers");
  expect(screen).toContain("aleph serve");
});

/** `1;38;5;75` is bold and a colour: the codes of colours alone, each whole. */
function codesOf(codes: string): string[] {
  return (codes.match(/[34]8;5;\d+|[34]8;2;\d+;\d+;\d+|\d+/g) ?? []).filter((code) =>
    /^(?:[34]\d|9[0-7]|10[0-7])/.test(code),
  );
}
