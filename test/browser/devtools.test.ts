import { expect, test } from "bun:test";
import { DevTools, type DevToolsEvent } from "../../src/browser/devtools.ts";
import { refusalOf } from "../support/tool-call.ts";

/** A browser that says this. */
function devtoolsThatHear(...said: readonly string[]) {
  const events: DevToolsEvent[] = [];
  const broken = Promise.withResolvers<unknown>();
  const output = new ReadableStream<Uint8Array>({
    start: (stream) => {
      for (const text of said) stream.enqueue(new TextEncoder().encode(text));
    },
  });
  const devtools = new DevTools({
    input: { write: () => 0, flush: () => 0 },
    output,
    onEvent: (event) => events.push(event),
    onBroken: broken.resolve,
  });
  return { devtools, events, broken: broken.promise };
}

test.each(["{\0", "null\0", "\0", '{"id":\0'])("DevTools gives a browser up that says %j", async (text) => {
  const t = devtoolsThatHear('{"method":"Page.loaded","params":{}}\0', text);
  expect(await t.broken).toBeInstanceOf(Error);
  expect(t.events).toEqual([{ method: "Page.loaded", params: {} }]);
  expect(await refusalOf(t.devtools.call("Page.enable"))).toBe("not_found: The browser has ended");
});
