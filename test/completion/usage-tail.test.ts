import { describe, expect, test } from "bun:test";
import { Ends, readUsage } from "../../src/completion/usage-tail.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("readUsage", () => {
  test.each([
    [
      "chat",
      '{"usage":{"prompt_tokens":10,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":3}}}',
      [7, 4, 3, 0],
    ],
    [
      "responses",
      '{"usage": {"input_tokens":10,"output_tokens":4,"input_tokens_details":{"cached_tokens":3}},"user":null}',
      [7, 4, 3, 0],
    ],
    [
      "messages",
      '{"usage":{"input_tokens":10,"output_tokens":4,"cache_read_input_tokens":3,"cache_creation_input_tokens":2}}',
      [10, 4, 3, 2],
    ],
  ] as const)("reads %s", (dialect, text, [input, output, cache_read, cache_write]) => {
    expect(readUsage(dialect, bytes(text))).toEqual({ input, output, cache_read, cache_write });
  });

  test("skips what is null, and what a reply only speaks of", () => {
    const text =
      '{"usage":{"prompt_tokens":1,"completion_tokens":2}}{"content":"\\"usage\\":{\\"prompt_tokens\\":9}","usage":null}';
    expect(readUsage("chat", bytes(text))).toEqual({ input: 1, output: 2, cache_read: 0, cache_write: 0 });
    expect(readUsage("chat", bytes('{"usage":null}'))).toBeUndefined();
    expect(readUsage("chat", bytes('"usage":{'))).toBeUndefined();
  });
});

describe("Ends", () => {
  test("puts the first and the last count of Messages together, whatever lies between", () => {
    const ends = new Ends("messages");
    ends.push(bytes('data: {"type":"message_start","message":{"usage":{"input_tokens":12,"output_tokens":1}}}\n\n'));
    for (let index = 0; index < 2000; index++) ends.push(bytes('data: {"delta":{"text":"word"}}\n\n'));
    expect(ends.isWhole()).toBe(false);
    ends.push(
      bytes('data: {"type":"message_delta","usage":{"output_tokens":40}}\n\ndata: {"type":"message_stop"}\n\n'),
    );
    expect(ends.usage()).toEqual({ input: 12, output: 40, cache_read: 0, cache_write: 0 });
    expect(ends.isWhole()).toBe(true);
  });

  test("reads the first count wherever its bytes are cut", () => {
    const first =
      ': ping\n\nevent: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":12,"output_tokens":1}}}\n\n';
    for (let cut = 1; cut < first.length; cut++) {
      const ends = new Ends("messages");
      ends.push(bytes(first.slice(0, cut)));
      ends.push(bytes(first.slice(cut)));
      for (let index = 0; index < 1000; index++) ends.push(bytes('data: {"delta":{"text":"word"}}\n\n'));
      ends.push(bytes('data: {"type":"message_delta","usage":{"output_tokens":40}}\n\n'));
      expect([cut, ends.usage()]).toEqual([cut, { input: 12, output: 40, cache_read: 0, cache_write: 0 }]);
    }
  });
});
