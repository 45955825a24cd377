import { expect, test } from "bun:test";
import { fileType, isUtf8Text } from "../../src/lib/file-type.ts";
import { archive, docx, pdf } from "../support/documents.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

test.each([
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff\xe0", "image/jpeg"],
  ["RIFF\0\0\0\0WAVEfmt ", "audio/wav"],
  ["ID3\x03", "audio/mpeg"],
  ["\xff\xfb\x90\x64", "audio/mpeg"],
  ["OggS\0\x02 OpusHead", "audio/ogg"],
  ["fLaC\0", "audio/flac"],
  ["\0\0\0\x20ftypM4A ", "audio/mp4"],
  ["\0\0\0\x20ftypisom", "video/mp4"],
  ["\x1aE\xdf\xa3 webm", "video/webm"],
  ["\0\0\0\x18ftypheic", "image/heic"],
  ["%PDF-1.7", "application/pdf"],
  ["\x1f\x8b\x08\0", "application/gzip"],
  ["\x7fELF\x02", "application/x-executable"],
  ["MZ\x90\0", "application/x-msdownload"],
  ["MZ is how this text begins", undefined],
  ["hello", undefined],
  ["", undefined],
])("fileType of %j is %s", (text, type) => {
  expect(fileType(bytes(text))).toBe(type);
});

test("fileType tells archives by what is in them", () => {
  const odt = archive({ "content.xml": "" });
  expect([fileType(docx("")), fileType(odt), fileType(pdf(["x"]))]).toEqual([
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/zip",
    "application/pdf",
  ]);
});

test("isUtf8Text tells text from the rest", () => {
  expect([bytes("plain"), new TextEncoder().encode("größe"), bytes("\xff"), bytes("a\0")].map(isUtf8Text)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
