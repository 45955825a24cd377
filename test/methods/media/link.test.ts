import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { refusal } from "../../support/config.ts";
import { checked } from "../../support/method.ts";

test("media.link makes a link that shows the file without a login, and no other file", async () => {
  await using app = await testApp();
  const call = checked(app.client);
  const attachments = [{ mime: "text/plain", name: "note.txt", data: btoa("a note") }];
  const { session_key } = await call("session.send", { message: "help", attachments });
  const { messages } = await call("session.history", { session_key });
  const [part] = messages[0]!.parts.filter(({ type }) => type === "media");
  const media_id = part?.type === "media" ? part.media_id : "";
  const { url, expires_at } = await call("media.link", { media_id });
  expect(expires_at).toBeGreaterThan(Date.now());
  expect(await (await fetch(app.url + url)).text()).toBe("a note");
  const other = url.replace(media_id, `media_${"0".repeat(64)}`);
  expect((await fetch(app.url + other)).status).toBe(403);
});

test("media.link signs nothing but media ids", async () => {
  await using app = await testApp();
  expect(await refusal(() => app.client.call("media.link", { media_id: "../credentials/token" }))).toMatchObject({
    reason: "invalid_params",
  });
});
