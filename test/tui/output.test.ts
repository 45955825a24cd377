import { expect, test } from "bun:test";
import { createFilter, createOutput } from "../../src/tui/output.ts";

const ESC = "\x1b";

test("with sixteen colours they go out by their own codes, however they came", () => {
  const filter = createFilter(16);
  expect(filter(`${ESC}[38;5;1m${ESC}[1;38;2;12;0;1;4m${ESC}[38;2;7;0;1mx`)).toBe(
    `${ESC}[31m${ESC}[1;94;4m${ESC}[37mx`,
  );
});

test("with more colours they stay as they are", () => {
  expect(createFilter(256)(`${ESC}[38;5;245mx`)).toBe(`${ESC}[38;5;245mx`);
});

test("the cursor keeps its own colour", () => {
  expect(createFilter(256)(`a${ESC}]12;#ffffff\x07b${ESC}]112\x07c${ESC}]12;default${ESC}\\d`)).toBe("abcd");
});

test("sequences may come in pieces", () => {
  const whole = `one ${ESC}[38;5;9mtwo ${ESC}]12;#ffffff\x07three ${ESC}[?25h${ESC}[0m`;
  for (let cut = 0; cut <= whole.length; cut++) {
    const filter = createFilter(16);
    expect(filter(whole.slice(0, cut)) + filter(whole.slice(cut))).toBe(`one ${ESC}[91mtwo three ${ESC}[?25h${ESC}[0m`);
  }
});

test("the output keeps bytes that are no ASCII, and copies what it is lent", async () => {
  const written: Buffer[] = [];
  const out = {
    columns: 80,
    rows: 24,
    isTTY: true,
    write: (bytes: Buffer, done: () => void) => {
      written.push(bytes);
      done();
      return true;
    },
  } as unknown as NodeJS.WriteStream;
  const output = createOutput(out, 256);
  const lent = Buffer.from("你好 ● é");
  await new Promise<void>((resolve) => output.write(lent, () => resolve()));
  lent.fill(0);
  expect(Buffer.concat(written).toString()).toBe("你好 ● é");
  expect([output.columns, output.rows, output.isTTY]).toEqual([80, 24, true]);
});
