import { expect, test } from "bun:test";
import { OutputStream } from "../../src/cluster/output-stream.ts";
import { nodeOutput } from "../../src/methods/node/output.ts";

test("OutputStream hands on what comes in one go whole, in pieces that the center takes", () => {
  const sent: unknown[] = [];
  using output = new OutputStream((call_id, content) => sent.push({ call_id, content }));
  const said = Array.from({ length: 40_000 }, (_, line) => `${line}\n`).join("");
  output.add("c1", said);
  output.end("c1");
  const taken = sent.map((params) => nodeOutput.params.parse(params));
  expect(taken.map(({ content }) => content).join("")).toBe(said);
});

test("OutputStream hands on a megabyte of a call and no more", () => {
  let sent = 0;
  using output = new OutputStream((_, content) => {
    sent += content.length;
  });
  for (let round = 0; round < 5; round++) output.add("c1", "x".repeat(300_000));
  output.end("c1");
  expect(sent).toBe(1024 * 1024);
});
