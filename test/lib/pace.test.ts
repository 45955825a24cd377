import { expect, test } from "bun:test";
import { Pace, readPaced } from "../../src/lib/pace.ts";

const never = new AbortController().signal;
const bytes = (size: number) => new Uint8Array(size);

function streamOf(...chunks: (Uint8Array | Error)[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const next = chunks.shift();
      if (next === undefined) controller.close();
      else if (next instanceof Error) controller.error(next);
      else controller.enqueue(next);
    },
  });
}

test("Pace lets a second's worth through at once, asks to wait for more, and takes back what was wanted", () => {
  let now = 0;
  const pace = new Pace({ rate: 100, now: () => now });
  pace.spend(100);
  expect(pace.wait(never)).toBeUndefined();
  pace.spend(10);
  expect(pace.wait(AbortSignal.abort())).toBeInstanceOf(Promise);
  now = 100;
  pace.spend(0);
  expect(pace.wait(never)).toBeUndefined();
  pace.spend(50);
  pace.refund(50);
  expect(pace.wait(never)).toBeUndefined();
});

test("readPaced hands on all that comes, in order", async () => {
  const seen: number[] = [];
  const pace = new Pace({ rate: 1_000, now: () => 0 });
  await readPaced(streamOf(bytes(1), bytes(2), bytes(3)), pace, never, ({ length }) => seen.push(length));
  expect(seen).toEqual([1, 2, 3]);
});

test("readPaced throws what breaks the stream, and ends without a word once it is no longer wanted", async () => {
  const pace = () => new Pace({ rate: 1_000, now: () => 0 });
  const broken = () => streamOf(bytes(1), new Error("broken"));
  const reading = readPaced(broken(), pace(), never, () => {});
  expect(await reading.catch((thrown: Error) => thrown.message)).toBe("broken");
  const gone = new AbortController();
  expect(await readPaced(broken(), pace(), gone.signal, () => gone.abort())).toBeUndefined();
});
