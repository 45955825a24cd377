import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { refusal } from "../support/config.ts";
import { conversation, MAIN } from "../support/conversation.ts";
import { docx, paragraph, pdf } from "../support/documents.ts";
import { picture, pngHeader } from "../support/images.ts";
import { openAiApp } from "../support/openai-app.ts";

const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString("base64");
const WAV = Buffer.concat([Buffer.from("RIFF\0\0\0\0WAVEfmt "), Buffer.alloc(20)]);

async function sent(attachments: readonly object[], more: object = {}) {
  const t = await conversation();
  t.fake.reply("ok");
  await t.client.call("session.send", { message: "Look", attachments, ...more } as never);
  const content = t.fake.requests.at(-1)!.body.messages.at(-1).content as unknown;
  const folder = join(t.home.workspaces, "main/attachments");
  const files = async () => (await readdir(folder).catch(() => [])).toSorted();
  return { ...t, content, folder, files };
}

test("an attached file is what its bytes say, and lies in the workspace under its name", async () => {
  await using t = await sent([
    { mime: "image/png", name: "../../a b;c.zip", data: base64("PK\x03\x04 no picture at all") },
    { mime: "application/x-evil", name: "notes.txt", data: base64("hello") },
    { mime: "text/csv", name: ".hidden", data: base64("a,b") },
  ]);
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages[0]!.parts.slice(0, 3)).toMatchObject([
    { mime: "application/zip", path: "attachments/a b_c.zip" },
    { mime: "text/plain", path: "attachments/notes.txt" },
    { mime: "text/csv", path: "attachments/hidden" },
  ]);
  expect(await t.files()).toEqual(["a b_c.zip", "hidden", "notes.txt"]);
  const text = JSON.stringify(t.content);
  expect(text).toContain("[notes.txt (text/plain) is in the workspace: attachments/notes.txt]");
  expect(text).toContain("hello");
});

test("the same file attached again lies where it lay, another one of its name beside it", async () => {
  await using t = await sent([{ mime: "text/plain", name: "a.txt", data: base64("one") }]);
  for (const data of ["one", "two"]) {
    t.fake.reply("ok");
    const attachments = [{ mime: "text/plain", name: "a.txt", data: base64(data) }];
    await t.client.call("session.send", { message: "Again", attachments });
  }
  const [first, second, ...rest] = await t.files();
  expect([first, rest]).toEqual([expect.stringMatching(/^a-[0-9a-f]{8}\.txt$/), []]);
  expect(second).toBe("a.txt");
});

test("nothing that is attached in an ephemeral session reaches the workspace", async () => {
  const more = { session_key: "agent:main:ephemeral:x" };
  await using t = await sent([{ mime: "text/plain", name: "a.txt", data: base64("secret") }], more);
  expect([await t.files(), JSON.stringify(t.content).includes("secret")]).toEqual([[], true]);
});

test("a large picture reaches the model smaller, and one that is a bomb is refused", async () => {
  const large = await picture(3000, 1500).jpeg().bytes();
  await using t = await sent([{ mime: "image/jpeg", data: base64(large) }]);
  const [image] = t.content as { image_url: { url: string } }[];
  const bytes = Buffer.from(image!.image_url.url.split(",")[1]!, "base64");
  expect(await new Bun.Image(bytes).metadata()).toMatchObject({ width: 1568, height: 784 });
  const bomb = { message: "x", attachments: [{ mime: "image/png", data: base64(pngHeader(65_535, 65_535)) }] };
  expect(await refusal(() => t.client.call("agent.run", bomb))).toMatchObject({ reason: "payload_too_large" });
});

test("a document reaches a model that takes none as text", async () => {
  await using t = await sent([
    { mime: "application/pdf", name: "a.pdf", data: base64(pdf(["Hello PDF"])) },
    { mime: "application/msword", name: "b.docx", data: base64(docx(paragraph("Hello Word"))) },
    { mime: "application/pdf", name: "c.pdf", data: base64("%PDF-1.4 broken") },
  ]);
  const text = JSON.stringify(t.content);
  expect(text).toContain("Hello PDF");
  expect(text).toContain("Hello Word");
  expect(text).toContain("it is no PDF that can be opened");
});

test("a recording reaches a model that does not hear as text, made once", async () => {
  await using t = await openAiApp({ transcription: "o/whisper-1" });
  const heard = () => t.fake.journal.filter(({ path }) => path.endsWith("/transcriptions")).length;
  for (const message of ["Listen", "And now?"]) {
    t.fake.reply("ok");
    const attachments = message === "Listen" ? [{ mime: "audio/mpeg", name: "a.wav", data: base64(WAV) }] : [];
    await t.client.call("session.send", { message, attachments });
  }
  expect(JSON.stringify(t.fake.requests.at(-1)!.body)).toContain(`Heard ${WAV.byteLength} bytes`);
  expect(heard()).toBe(1);
});
