import { expect, test } from "bun:test";
import { KeptOutput } from "../../src/sandbox/kept-output.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("KeptOutput gives what came from an offset on, and says where to go on", () => {
  const output = new KeptOutput(100);
  output.add(bytes("hello "));
  output.add(bytes("world"));
  expect(output.read(0, 100)).toEqual({ text: "hello world", from: 0, next: 11 });
  expect(output.read(6, 2)).toEqual({ text: "wo", from: 6, next: 8 });
  expect(output.read(50, 2)).toEqual({ text: "", from: 11, next: 11 });
});

test("KeptOutput forgets the oldest, and says from where on it still knows", () => {
  const output = new KeptOutput(4);
  for (const text of ["ab", "cde", "f"]) output.add(bytes(text));
  expect(output.read(0, 100)).toEqual({ text: "cdef", from: 2, next: 6 });
  expect(output.end).toBe(6);
});

test("KeptOutput cuts no character as long as more is to come", () => {
  const output = new KeptOutput(100);
  output.add(bytes("aä€𝄞z"));
  const parts: string[] = [];
  for (let at = 0; at < output.end; ) {
    const { text, next } = output.read(at, 4);
    parts.push(text);
    at = next;
  }
  expect(parts).toEqual(["aä", "€", "𝄞", "z"]);
});
