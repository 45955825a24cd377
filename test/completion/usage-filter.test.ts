import { describe, expect, test } from "bun:test";
import { createUsageFilter } from "../../src/completion/usage-filter.ts";

const TEXT = 'data: {"choices":[{"delta":{"content":"a"}}],"usage":null}\n\n';
const FILTERED = 'data: {"choices":[],"prompt_filter_results":[]}\n\n';
const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n';
const DONE = "data: [DONE]\n\n";

function through(pieces: readonly string[]): string {
  const filter = createUsageFilter();
  const out = pieces.map((piece) => Buffer.from(filter.push(Buffer.from(piece))).toString());
  return out.join("") + Buffer.from(filter.end()).toString();
}

describe("createUsageFilter", () => {
  test("takes out the chunk with the usage, wherever the bytes are cut", () => {
    const whole = FILTERED + TEXT + USAGE + DONE;
    for (let at = 0; at <= whole.length; at++) {
      expect(through([whole.slice(0, at), whole.slice(at)])).toBe(FILTERED + TEXT + DONE);
    }
    expect(through([...whole])).toBe(FILTERED + TEXT + DONE);
  });

  test("knows lines that end with CR LF", () => {
    const crlf = (text: string) => text.replaceAll("\n", "\r\n");
    expect(through([crlf(TEXT), crlf(USAGE + DONE)])).toBe(crlf(TEXT + DONE));
  });

  test("hands whole events on at once, as the same bytes", () => {
    const filter = createUsageFilter();
    const bytes = Buffer.from(TEXT);
    expect(Buffer.from(filter.push(bytes)).equals(bytes)).toBe(true);
  });
});
