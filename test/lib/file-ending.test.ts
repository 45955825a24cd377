import { expect, test } from "bun:test";
import { fileEndingOf } from "../../src/lib/file-ending.ts";

test.each([
  ["image/png", "png"],
  ["image/svg+xml", "svg"],
  ["image/jpeg", "jpg"],
  ["text/plain; charset=utf-8", "txt"],
  ["Text/Markdown", "md"],
  ["application/x-tar", "tar"],
  ["application/octet-stream", "bin"],
  ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"],
  ["application/vnd.somebody.something", "bin"],
  ['text/"\r\nx', "bin"],
  ["", "bin"],
])("a file of the type %j ends in %s", (mime, ending) => {
  expect(fileEndingOf(mime)).toBe(ending);
});
