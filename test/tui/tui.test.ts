import { expect, test } from "bun:test";
import { join } from "node:path";
import { testApp } from "../support/app.ts";
import { until } from "../support/until.ts";

const SCRIPT = join(import.meta.dir, "../support/tui-crash.ts");

/** What was switched on and not off again, of the modes of a terminal. */
function left(raw: string): readonly string[] {
  const modes = new Map<string, boolean>();
  for (const [, names = "", how] of raw.matchAll(new RegExp(`${String.fromCharCode(27)}\\[\\?([\\d;]+)([hl])`, "g"))) {
    for (const name of names.split(";")) modes.set(name, how === "h");
  }
  // The cursor and the clustering of characters are on in a terminal of their own accord.
  return [...modes].flatMap(([name, isOn]) => (isOn === ["25", "2027"].includes(name) ? [] : [name]));
}

test.each([
  ["within a key", "key", "broken within a key"],
  ["while it draws", "drawing", "broken while drawing"],
  ["behind everybody's back", "later", "broken later"],
])("the terminal is given back when something breaks %s, and the failure is told", async (_where, how, message) => {
  await using app = await testApp();
  const decoder = new TextDecoder();
  let raw = "";
  const child = Bun.spawn([process.execPath, SCRIPT, app.wsUrl, app.token, how], {
    env: { PATH: process.env.PATH ?? "", TERM: "xterm-256color" },
    terminal: {
      cols: 80,
      rows: 24,
      data(_terminal, bytes) {
        raw += decoder.decode(bytes, { stream: true });
      },
    },
  });
  try {
    await until(() => raw.includes("Write a message"), 15_000);
    child.terminal!.write(how === "key" ? "\x1b[A" : "!\r");
    expect(await child.exited).toBe(1);
    await until(() => raw.includes("It broke"));
    // Behind the last sequence, where it can be read.
    expect(raw.slice(raw.lastIndexOf("?1049l"))).toContain(`It broke: ${message}`);
    expect(left(raw)).toEqual([]);
  } finally {
    child.kill("SIGKILL");
    child.terminal!.close();
  }
});
