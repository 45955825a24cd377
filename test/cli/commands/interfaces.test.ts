import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";
import { MAIN } from "../../support/conversation.ts";
import { webchatRuns } from "../../support/webchat.ts";

test("interfaces lists, shows, stops and starts where people write from, and sends", async () => {
  await using t = await testApp();
  await webchatRuns(t.client);
  await t.client.call("session.create", { session_key: MAIN });
  const run = (...words: string[]) => runCli(["interfaces", ...words], { home: t.home.path });
  expect((await run()).stdout).toMatch(
    /^INTERFACE +STATE +ENABLED +REFUSED +ERROR\n(?:.*\n)*webchat +running +yes +0\n$/,
  );
  expect((await run("show", "webchat")).stdout).toMatch(/^interface +webchat\nenabled +yes\nstate +running\nmessage +/);
  expect(await run("stop", "webchat")).toEqual({ code: 0, stdout: "", stderr: "webchat is stopped\n" });
  expect(await run("start", "webchat")).toEqual({ code: 0, stdout: "", stderr: "webchat is running\n" });
  expect(await run("send", "webchat", MAIN, "The", "backup", "is", "done")).toEqual({
    code: 0,
    stdout: "",
    stderr: expect.stringMatching(/^Sent as \w+\n$/),
  });
  const { messages } = await t.client.call("session.history", { session_key: MAIN });
  expect(messages.map(({ content }) => content)).toEqual(["The backup is done"]);
  expect(await run("people")).toEqual({
    code: 0,
    stdout: "",
    stderr: "Nobody was let in. Who waits: aleph pairing\n",
  });
}, 60_000);

test("interfaces refuses one that is not there, and a person who was not let in", async () => {
  await using t = await testApp();
  const run = (...words: string[]) => runCli(["interfaces", ...words], { home: t.home.path });
  expect(await run("start", "fax")).toMatchObject({ code: 1, stderr: expect.stringContaining('"fax"') });
  expect(await run("remove", "webchat", "nobody", "--json")).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('"reason":"not_found"'),
  });
});
