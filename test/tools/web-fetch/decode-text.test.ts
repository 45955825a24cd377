import { expect, test } from "bun:test";
import { decodeText } from "../../../src/tools/web-fetch/decode-text.ts";

const latin1 = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

test.each([
  ["the header", latin1("gr\xfc\xdfe"), "text/html; charset=ISO-8859-1", "grüße"],
  ["a quoted header", latin1("gr\xfc\xdfe"), 'text/html; charset="windows-1252"', "grüße"],
  ["the page", latin1('<meta charset="iso-8859-15">\xa4'), "text/html", '<meta charset="iso-8859-15">€'],
  ["nothing", new TextEncoder().encode("grüße"), "", "grüße"],
  ["an unknown name", new TextEncoder().encode("grüße"), "text/html; charset=klingon", "grüße"],
  ["a byte order mark", new Uint8Array([0xff, 0xfe, 0x61, 0x00]), "text/plain; charset=utf-8", "a"],
  ["a big-endian mark", new Uint8Array([0xfe, 0xff, 0x00, 0x61]), "", "a"],
  ["nothing, and is broken", latin1("a\xffb"), "", "a\ufffdb"],
  ["nothing, and is empty", new Uint8Array(), "", ""],
])("decodeText goes by %s", (_, bytes, contentType, text) => {
  expect(decodeText(bytes, contentType)).toBe(text);
});
