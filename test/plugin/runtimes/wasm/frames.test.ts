import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { encodeFrame, FrameReader, MAX_HEAD } from "../../../../src/plugin/runtimes/wasm/frames.ts";

const frames = [encodeFrame(1, { a: 1 }), encodeFrame(2, null, Uint8Array.of(1, 2, 3)), encodeFrame(3, "x")];

test("frames come out as they went in, however their bytes are cut", () => {
  const all = Buffer.concat(frames);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
      const reader = new FrameReader(1000);
      const got: unknown[] = [];
      for (let at = 0, turn = 0; at < all.length; turn++) {
        const size = sizes[turn % sizes.length]!;
        for (const { kind, head, body } of reader.push(all.subarray(at, at + size))) got.push([kind, head, [...body]]);
        at += size;
      }
      expect(got).toEqual([
        [1, { a: 1 }, []],
        [2, null, [1, 2, 3]],
        [3, "x", []],
      ]);
    }),
    { numRuns: 100 },
  );
});

const feed = (...bytes: number[]) => [...new FrameReader(1000).push(Uint8Array.from(bytes))];

test("a frame that says that it is too large is refused before its bytes come", () => {
  expect(() => feed(0xff, 0xff, 0xff, 0x7f)).toThrow("larger than may be");
});

test("a frame with too large a head is refused", () => {
  const frame = encodeFrame(1, "x".repeat(MAX_HEAD));
  expect(() => [...new FrameReader(frame.length).push(frame)]).toThrow("larger than may be");
});

test.each([
  ["shorter than its own head", [3, 0, 0, 0, 1, 0, 0, 0]],
  ["with a head that goes beyond it", [6, 0, 0, 0, 1, 9, 0, 0, 0, 0x31]],
  ["with a head that is no JSON", [6, 0, 0, 0, 1, 1, 0, 0, 0, 0x7b]],
])("a frame %s is refused", (_, bytes) => {
  expect(() => feed(...bytes)).toThrow();
});
