import { describe, expect, test } from "bun:test";
import { handedBody } from "../../src/completion/handed-body.ts";

const hand = (text: string, change?: Record<string, unknown>) =>
  handedBody("chat", text, JSON.parse(text), "gpt", change);

describe("handedBody", () => {
  test("leaves a body as it is where the vendor's name is used already", () => {
    const text = '{ "model":"gpt",\n "messages":[] }';
    expect(hand(text)).toEqual({ text, hideUsage: false });
  });

  test("replaces the model in place and nothing else", () => {
    expect(hand('{"a": 1.0, "model" : "oa/gpt" , "b":"\\"model\\": 1"}').text).toBe(
      '{"a": 1.0, "model" : "gpt" , "b":"\\"model\\": 1"}',
    );
  });

  test.each([
    ["a second key of that name deeper inside", '{"x":{"model":"deep"},"model":"oa/gpt"}'],
    ["one that comes first and is not its own", '{"x":["model"],"model":"oa/gpt"}'],
    ["the key in escapes", '{"mod\\u0065l":"oa/gpt","x":{"model":"deep"}}'],
    ["the key twice", '{"model":"a","model":"oa/gpt"}'],
  ])("writes the body anew with %s", (_, text) => {
    expect(JSON.parse(hand(text).text)).toEqual({ ...JSON.parse(text), model: "gpt" });
  });

  test("asks for usage in a stream where the client does not", () => {
    expect(hand('{"model":"gpt","stream":true}')).toEqual({
      text: '{"stream_options":{"include_usage":true},"model":"gpt","stream":true}',
      hideUsage: true,
    });
    const own = hand('{"model":"gpt","stream":true,"stream_options":{"include_usage":false,"x":1}}');
    expect(JSON.parse(own.text).stream_options).toEqual({ include_usage: true, x: 1 });
    expect(hand('{"model":"gpt","stream":true,"stream_options":{"include_usage":true}}').hideUsage).toBe(false);
  });

  test("changes fields, and leaves out those that are undefined", () => {
    expect(JSON.parse(hand('{"model":"oa/gpt","a":1,"b":2}', { a: undefined, b: 3 }).text)).toEqual({
      model: "gpt",
      b: 3,
    });
  });
});
