import { expect, test } from "bun:test";
import { createDocuments } from "../../../src/document/documents.ts";
import { createDiskShelf, createMedia, createMemoryShelf } from "../../../src/media/media.ts";
import { createFiles } from "../../../src/sandbox/files.ts";
import { createSandbox } from "../../../src/sandbox/sandbox.ts";
import { document } from "../../../src/tools/document/document.ts";
import { docx, paragraph, pdf } from "../../support/documents.ts";
import { callTool, refusalOf } from "../../support/tool-call.ts";
import { testWorkspace } from "../../support/workspace.ts";

async function setUp() {
  const workspace = await testWorkspace();
  const media = createMedia({ durable: createDiskShelf(workspace.home.media), ephemeral: createMemoryShelf() });
  const documents = createDocuments({ sandbox: async () => createSandbox() });
  const needs = { files: createFiles({ home: workspace.home }), media, documents };
  return { ...workspace, media, call: (input: object) => callTool(document, needs, input, workspace.context()) };
}

test("document gives the text of a file of the workspace, as a stranger's word", async () => {
  await using t = await setUp();
  await t.write("in/a.pdf", pdf(["one", "two", "three"]));
  expect(await t.call({ path: "in/a.pdf" })).toEqual({
    ok: true,
    untrusted: true,
    text: "in/a.pdf (pdf, 3 parts)\n\n[Page 1]\none\n\n[Page 2]\ntwo\n\n[Page 3]\nthree",
  });
  expect((await t.call({ path: "in/a.pdf", from: 2, to: 2 })).text).toBe("in/a.pdf (pdf, 3 parts)\n\n[Page 2]\ntwo");
  expect(await t.call({ path: "in/a.pdf", from: 9 })).toEqual({
    ok: false,
    text: '"in/a.pdf" has 3 parts; there is none at 9',
  });
});

test("document gives the text of an attachment", async () => {
  await using t = await setUp();
  const { media_id } = await t.media.put(docx(paragraph("Hi")), { mime: "application/zip" });
  expect((await t.call({ media_id })).text).toBe(`${media_id} (docx, one part)\n\nHi`);
});

test("document says when there is no text", async () => {
  await using t = await setUp();
  await t.write("scan.pdf", pdf([""]));
  expect((await t.call({ path: "scan.pdf" })).text).toEndWith("[there is no text in it; it may be pictures of pages]");
});

test("document refuses what is no document, not there, outside, or not one place", async () => {
  await using t = await setUp();
  await t.write("a.txt", "hello");
  expect(await refusalOf(t.call({ path: "a.txt" }))).toBe(
    'invalid_params: "a.txt" cannot be read: it is no archive that can be opened',
  );
  expect(await refusalOf(t.call({ path: "none.pdf" }))).toBe('not_found: "none.pdf" does not exist');
  expect(await refusalOf(t.call({ path: "../../config.toml" }))).toStartWith("forbidden: ");
  expect(await refusalOf(t.call({}))).toBe('invalid_params: Exactly one of "path" and "media_id" is needed');
  expect(await refusalOf(t.call({ path: "a.txt", media_id: "x" }))).toBe(
    'invalid_params: Exactly one of "path" and "media_id" is needed',
  );
  expect(await refusalOf(t.call({ path: "a.txt", from: 3, to: 2 }))).toBe('invalid_params: "to" is before "from"');
});
