import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AlephError } from "../../src/protocol/errors.ts";
import { frameOf } from "../../src/tui/frame.ts";
import { lineWidth } from "../../src/tui/line.ts";
import { click, paste, wheel } from "../../src/tui/press.ts";
import { testFolder } from "../support/folder.ts";
import { testUi } from "../support/tui.ts";
import { until } from "../support/until.ts";

test("Enter sends, and what is answered is seen", async () => {
  await using tui = await testUi();
  tui.fake.reply("Hello **you**.");
  await tui.shows("Nothing has been said here yet");
  tui.type("Hi");
  tui.key("alt+return");
  tui.type("there");
  tui.key("return");
  const screen = await tui.shows("Hello you.");
  expect(screen).toContain("▌ Hi\n ▌ there");
  expect(tui.history).toEqual(["Hi\nthere"]);
  expect(await tui.shows("? keys")).toContain("● connected · fake/m");
});

test("a backslash at the end goes on with the next line, and nothing is sent of nothing", async () => {
  await using tui = await testUi();
  tui.key("return");
  tui.type("one\\");
  tui.key("return");
  expect(tui.ui.state.peek().field.text).toBe("one\n");
  expect(tui.history).toEqual([]);
});

test("what cannot be sent stays in the field, and says why", async () => {
  await using tui = await testUi();
  await tui.shows("Nothing has been said here yet");
  await tui.app.app[Symbol.asyncDispose]();
  tui.type("Hi");
  tui.key("return");
  await tui.shows("Not sent");
  expect(tui.ui.state.peek().field.text).toBe("Hi");
});

test("what is sent again because its answer was lost is one message, and what is said twice is two", async () => {
  await using tui = await testUi();
  tui.fake.reply("Hello.", "Again.");
  await tui.shows("Nothing has been said here yet");
  const { call } = tui.app.client;
  tui.app.client.call = async (method, params, options) => {
    const answer = await call.call(tui.app.client, method, params, options);
    if (method !== "agent.run") return answer as never;
    tui.app.client.call = call;
    throw new AlephError("cancelled", "Connection was lost before the answer came");
  };
  tui.type("Hi");
  tui.key("return");
  await tui.shows("Not sent: Connection was lost");
  tui.key("return");
  await tui.shows("Hello.");
  await until(() => tui.ui.state.peek().field.text === "");
  const said = async () => {
    const { messages } = await tui.app.client.call("session.history", { session_key: "agent:main:main" });
    return messages.map(({ content }) => content);
  };
  expect(await said()).toEqual(["Hi", "Hello."]);
  tui.type("Hi");
  tui.key("return");
  await tui.shows("Again.");
  expect(await said()).toEqual(["Hi", "Hello.", "Hi", "Again."]);
});

test("a history that cannot be kept stops no message", async () => {
  await using tui = await testUi();
  tui.fake.reply("Hello.");
  tui.history.unshift = () => {
    throw new Error("the disk is full");
  };
  tui.type("Hi");
  tui.key("return");
  expect(tui.screen()).toContain("Not kept in the history: the disk is full");
  await tui.shows("Hello.");
});

test("Up and Down go through the history where there is no line to go to", async () => {
  await using tui = await testUi({ history: ["newest", "older"] });
  tui.type("begun");
  tui.key("up", "up");
  expect(tui.ui.state.peek().field.text).toBe("older");
  tui.key("down", "down");
  expect(tui.ui.state.peek().field.text).toBe("begun");
});

test("Ctrl+C clears what is written, and twice leaves; another key between them does not", async () => {
  await using tui = await testUi();
  tui.type("words");
  tui.key("ctrl+c");
  expect(tui.ui.state.peek().field.text).toBe("");
  tui.key("ctrl+c", "x", "ctrl+c", "ctrl+c");
  expect(tui.left).toEqual([]);
  tui.key("ctrl+c");
  expect(tui.left).toEqual([130]);
});

test("Ctrl+D leaves where nothing is written", async () => {
  await using tui = await testUi();
  tui.type("w");
  tui.key("ctrl+d", "backspace", "ctrl+d");
  expect(tui.left).toEqual([0]);
});

test("keys that answer do so only after the question has been there for a moment", async () => {
  const clock = { now: 1_000_000 };
  await using tui = await testUi({ now: () => clock.now });
  tui.fake.reply([{ tool_call: { name: "exec", args: { command: "echo a > b.txt" } } }], "Denied, then.");
  tui.type("Go");
  tui.key("return");
  await tui.shows("Allow exec?");
  tui.type("n");
  expect(tui.screen()).toContain("Allow exec?");
  expect(tui.screen()).not.toContain("n deny");
  clock.now += 700;
  expect(tui.screen()).toContain("n deny");
  // Without a pattern there is no "always".
  tui.type("a");
  expect(tui.screen()).toContain("Allow exec?");
  tui.type("n");
  const screen = await tui.shows("Denied, then.");
  expect(screen).not.toContain("Allow exec?");
});

test("what is pasted never answers a question", async () => {
  const clock = { now: 1_000_000 };
  await using tui = await testUi({ now: () => clock.now });
  tui.fake.reply([{ tool_call: { name: "exec", args: { command: "echo a > b.txt" } } }]);
  tui.type("Go");
  tui.key("return");
  await tui.shows("Allow exec?");
  clock.now += 700;
  paste(tui.ui, "y\r\ny");
  expect(tui.ui.state.peek().field.text).toBe("y\ny");
  expect(tui.screen()).toContain("Tab answers this");
});

test("a question longer than the screen scrolls, and its keys stay in sight", async () => {
  const clock = { now: 1_000_000 };
  await using tui = await testUi({ now: () => clock.now });
  tui.size = { width: 60, height: 16 };
  tui.fake.reply([{ tool_call: { name: "exec", args: { command: `echo ${"word ".repeat(200)} > b.txt` } } }]);
  tui.type("Go");
  tui.key("return");
  await tui.shows("more: PgDn");
  clock.now += 700;
  expect(tui.screen()).toContain("y once");
  for (let presses = 0; presses < 40; presses++) tui.key("pagedown");
  expect(tui.screen()).toContain("the end");
  expect(tui.screen()).toContain("y once");
});

test("a chosen file is attached; what is no file is text", async () => {
  await using folder = await testFolder();
  mkdirSync(join(folder.path, "notes"));
  writeFileSync(join(folder.path, "notes/list.txt"), "milk");
  const read: string[] = [];
  await using tui = await testUi({
    folder: folder.path,
    readAttachment: async (path) => {
      read.push(path);
      return { mime: "text/plain", name: "list.txt", data: Buffer.from("milk").toString("base64") };
    },
  });
  tui.fake.reply("Milk.");
  tui.type("Read @no");
  tui.key("tab", "tab");
  expect(tui.screen()).toContain("with notes/list.txt (4 B)");
  tui.type("for @nobody");
  tui.key("escape", "return");
  await tui.shows("Milk.");
  expect(read).toEqual([join(folder.path, "notes/list.txt")]);
});

test("cards open by a click, by the keys, and all at once", async () => {
  await using tui = await testUi();
  tui.fake.reply([{ thinking: "Let me see" }, { tool_call: { name: "list", args: {} } }], "Nothing there.");
  tui.type("Go");
  tui.key("return");
  const folded = await tui.shows("Nothing there.");
  expect(folded).toContain("▸ ✓ list");
  expect(folded).not.toContain("Result");
  const frame = frameOf(tui.ui, 80, 24);
  const y = tui
    .screen()
    .split("\n")
    .findIndex((line) => line.includes("✓ list"));
  click(tui.ui, frame.at(5, y));
  expect(tui.screen()).toContain("▾ ✓ list");
  expect(tui.screen()).toContain("Result");
  click(tui.ui, frameOf(tui.ui, 80, 24).at(5, y));
  expect(tui.screen()).not.toContain("Result");
  tui.key("ctrl+o");
  expect(tui.screen()).toContain("Result");
  tui.key("ctrl+o", "tab", "down", "return");
  expect(tui.screen()).toMatch(/▾ /);
});

test("the wheel and the keys scroll; what is read stays while more comes", async () => {
  await using tui = await testUi();
  const go = Promise.withResolvers<void>();
  const lines = Array.from({ length: 60 }, (_, at) => `- line ${at}.`).join("\n");
  tui.fake.reply([lines, { wait: go.promise }, "\n- the last"]);
  tui.type("Go");
  tui.key("return");
  await tui.shows("line 59.");
  wheel(tui.ui, -1, tui.size);
  tui.key("pageup");
  const top = tui.screen().split("\n")[1];
  expect(tui.screen()).toContain("↓ Ctrl+End");
  go.resolve();
  await tui.shows("new below");
  expect(tui.screen().split("\n")[1]).toBe(top!);
  click(
    tui.ui,
    frameOf(tui.ui, 80, 24).at(
      78,
      tui
        .screen()
        .split("\n")
        .findIndex((line) => line.includes("new below")),
    ),
  );
  expect(await tui.shows("the last")).not.toContain("new below");
});

test("older messages are read page by page as the person goes back to them", async () => {
  await using tui = await testUi();
  const messages = Array.from({ length: 450 }, (_, at) => ({
    entry: `m${at}`,
    role: at % 2 === 0 ? ("user" as const) : ("assistant" as const),
    parts: [{ type: "text" as const, text: `message ${at}.` }],
    status: "complete" as const,
    model: null,
    ts: 1_000 + at,
  }));
  const { conversations } = await tui.app.client.call("session.import", {
    source: "chatgpt",
    conversations: [{ id: "long", title: "Long", created_at: 1, messages }],
  });
  tui.ui.open(conversations[0]!.session_key);
  await tui.shows("message 449.");
  expect(tui.ui.desk.conversation.peek().entries.peek().length).toBeLessThanOrEqual(100);
  await until(() => {
    tui.key("pageup");
    return tui.screen().includes("message 0.");
  });
  expect(tui.ui.desk.conversation.peek().entries.peek()).toHaveLength(450);
  // Where the person is, nothing moves.
  expect(tui.screen()).not.toContain("older messages");
  tui.key("ctrl+end");
  expect(tui.screen()).toContain("message 449.");
});

test("conversations are begun, named, found and deleted", async () => {
  await using tui = await testUi();
  tui.fake.reply("About boats.", "About trains.");
  tui.type("boats");
  tui.key("return");
  await tui.shows("About boats.");
  tui.type("/new");
  tui.key("return");
  await tui.shows("Nothing has been said here yet");
  tui.type("trains");
  tui.key("return");
  await tui.shows("About trains.");
  tui.type("/rename");
  tui.key("return");
  expect(tui.screen()).toContain("Name of the conversation");
  tui.key("ctrl+u");
  tui.type("Railways");
  tui.key("return");
  await tui.shows(/^ Railways/m);
  tui.key("ctrl+p");
  tui.type("boats");
  await tui.shows(/▸ boats/);
  tui.key("return");
  await tui.shows("About boats.");
  tui.key("ctrl+p");
  tui.type("Rail");
  await tui.shows(/▸ Railways/);
  tui.key("return");
  await tui.shows("About trains.");
  tui.type("/delete");
  tui.key("return");
  expect(tui.screen()).toContain('Delete "Railways"');
  tui.type("n");
  expect(tui.screen()).toContain("About trains.");
  tui.type("/delete");
  tui.key("return");
  tui.type("y");
  await tui.shows("About boats.");
  await until(() => tui.ui.desk.sessions.rows.peek().every(({ title }) => title !== "Railways"));
});

test("the list beside the conversation is gone through with the keys", async () => {
  await using tui = await testUi();
  tui.size = { width: 120, height: 30 };
  tui.fake.reply("One.", "Two.");
  tui.type("first");
  tui.key("return");
  await tui.shows("One.");
  tui.key("ctrl+n");
  await tui.shows("Nothing has been said here yet");
  tui.type("second");
  tui.key("return");
  await tui.shows("Two.");
  await tui.shows(/second[\s\S]*first/);
  tui.key("tab", "tab", "down", "return");
  await tui.shows("One.");
  tui.key("tab", "tab", "f2");
  expect(tui.screen()).toContain("Name of the conversation");
  tui.key("escape");
  tui.key("ctrl+b");
  expect(tui.screen()).not.toContain("Conversations");
});

test("the model of a conversation is chosen, also before anything was said in it", async () => {
  await using tui = await testUi();
  tui.fake.reply("I am n.");
  await tui.shows("Nothing has been said here yet");
  tui.key("ctrl+l");
  await tui.shows("fake/n");
  tui.type("fake/n");
  expect(tui.screen()).not.toContain("▸ fake/m");
  tui.key("return");
  await tui.shows("● connected · fake/n");
  tui.type("Who?");
  tui.key("return");
  await tui.shows("I am n.");
  expect(tui.fake.requests[0]!.body.model).toBe("n");
});

test("/stop stops, and says so where nothing runs", async () => {
  await using tui = await testUi();
  await tui.shows("Nothing has been said here yet");
  tui.type("/stop");
  tui.key("return");
  expect(tui.screen()).toContain("Nothing is being written here");
  const never = Promise.withResolvers<void>();
  tui.fake.reply(["Begun", { wait: never.promise }]);
  tui.type("Go");
  tui.key("return");
  await tui.shows("Begun");
  tui.type("/stop");
  tui.key("return");
  await tui.shows("Stopped");
});

test("every line is as wide as the screen, whatever is on it and however small it is", async () => {
  await using tui = await testUi();
  tui.fake.reply([{ tool_call: { name: "exec", args: { command: "echo 你好 > b.txt" } } }]);
  tui.type("你好 👩‍👩‍👧 Go");
  tui.key("return");
  await tui.shows("Allow exec?");
  for (const [width, height] of [
    [200, 60],
    [80, 24],
    [40, 10],
    [20, 6],
    [5, 2],
    [1, 1],
  ] as const) {
    const check = () => {
      const { lines, cursor } = frameOf(tui.ui, width, height);
      expect(lines.map(lineWidth)).toEqual(Array.from({ length: height }, () => width));
      if (cursor) expect(cursor.x < width && cursor.y < height).toBe(true);
    };
    check();
    for (const overlay of ["f1", "ctrl+p", "ctrl+l"]) {
      tui.key(overlay);
      check();
      tui.key("escape");
    }
  }
});
