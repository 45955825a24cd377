import { expect, test } from "bun:test";
import { createDocuments, documentText, looksLikeDocument } from "../../src/document/documents.ts";
import { createSandbox } from "../../src/sandbox/sandbox.ts";
import { archive, docx, paragraph, pdf } from "../support/documents.ts";
import { refusalOf } from "../support/tool-call.ts";

const sandbox = createSandbox();
const never = new AbortController().signal;
const bytesOf = (text: string) => new TextEncoder().encode(text);

test("Documents reads in a process of its own", async () => {
  const documents = createDocuments({ sandbox: async () => sandbox });
  const [first, second] = await Promise.all([
    documents.read(pdf(["Hello"]), "a.pdf", never),
    documents.read(docx(paragraph("Hi")), "b.docx", never),
  ]);
  expect([documentText(first!), documentText(second!)]).toEqual(["[Page 1]\nHello", "Hi"]);
});

test("Documents says what cannot be read", async () => {
  const documents = createDocuments({ sandbox: async () => sandbox, maxBytes: 1000 });
  expect(await refusalOf(documents.read(bytesOf("%PDF-1.4 x"), "a.pdf", never))).toBe(
    'invalid_params: "a.pdf" cannot be read: it is no PDF that can be opened',
  );
  expect(await refusalOf(documents.read(archive({ "a.txt": "" }), "a.zip", never))).toBe(
    'invalid_params: "a.zip" cannot be read: it is an archive, but no document of a known kind',
  );
  expect(await refusalOf(documents.read(new Uint8Array(1001), "a.pdf", never))).toBe(
    'payload_too_large: "a.pdf" has 1001 bytes; at most 1000 are read',
  );
});

test("Documents ends what takes too long, and what nobody waits for", async () => {
  const documents = createDocuments({ sandbox: async () => sandbox, timeoutMs: 1 });
  expect(await refusalOf(documents.read(pdf(["Hello"]), "a.pdf", never))).toBe(
    'timeout: "a.pdf" took longer than 0.001 s to read',
  );
  expect(await refusalOf(documents.read(pdf(["Hello"]), "a.pdf", AbortSignal.abort()))).toContain("abort");
});

test("Documents goes on when a reader ends without an answer", async () => {
  const broken = {
    start: (command: Parameters<typeof sandbox.start>[0]) =>
      sandbox.start({ ...command, argv: [process.execPath, "-e", "process.exit(3)"] }),
  };
  const documents = createDocuments({ sandbox: async () => broken });
  expect(await refusalOf(documents.read(pdf(["Hello"]), "a.pdf", never))).toBe(
    'invalid_params: "a.pdf" cannot be read: its reader ended without an answer',
  );
});

test("looksLikeDocument tells PDFs and archives from the rest", () => {
  expect([pdf(["x"]), docx(""), bytesOf("junk\n%PDF-1.7"), bytesOf("text")].map(looksLikeDocument)).toEqual([
    true,
    true,
    true,
    false,
  ]);
});
