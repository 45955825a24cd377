import { expect, test } from "bun:test";
import { writeInput } from "../../src/lib/write-input.ts";

/** A pipe whose writes end so. */
const sink = (write: () => unknown) => ({ write }) as Pick<Bun.FileSink, "write">;

test("writeInput lets a rejected write go, and throws what is thrown", async () => {
  const rejected = Promise.reject(new Error("EPIPE"));
  writeInput(
    sink(() => rejected),
    "late",
  );
  const thrown = () => {
    throw new Error("EPIPE");
  };
  expect(() => writeInput(sink(thrown), "gone")).toThrow("EPIPE");
  // One that nobody looked at would have failed the test by now.
  await Bun.sleep(0);
  expect(Bun.peek.status(rejected)).toBe("rejected");
});

test("writeInput into a process that has ended harms nobody", async () => {
  const child = Bun.spawn(["true"], { stdin: "pipe", stdout: "ignore" });
  await child.exited;
  for (let round = 0; round < 20; round += 1) {
    try {
      writeInput(child.stdin, "x".repeat(100_000));
    } catch (thrown) {
      expect(String(thrown)).toContain("EPIPE");
    }
    await Bun.sleep(0);
  }
  expect(child.exitCode).toBe(0);
});
