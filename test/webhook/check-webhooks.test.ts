import { expect, test } from "bun:test";
import { testApp } from "../support/app.ts";

const BROKEN = `
[webhooks.in.a]
secret = "env:SECRET"
message = "{{"
session = "agent:main:ephemeral:x"

[webhooks.in.b]
message = "no proof"

[webhooks.out.c]
url = "ftp://example.com"
events = ["**"]
`;

const refused = (toml: string) =>
  testApp({ toml }).then(
    async (app) => {
      await app[Symbol.asyncDispose]();
      return [];
    },
    (thrown: { data: { issues: { path: string; message: string }[] } }) =>
      thrown.data.issues.map(({ path, message }) => `${path}: ${message}`),
  );

test("a webhook that proves nothing is refused with the place in the file", async () => {
  expect(await refused(BROKEN)).toEqual(["webhooks.in.b: needs a secret or a token"]);
});

test("templates, sessions and addresses that are none are refused", async () => {
  expect(await refused(BROKEN.replace('message = "no proof"', 'token = "env:TOKEN"'))).toEqual([
    'webhooks.in.a.message: has "{{" without its "}}"',
    expect.stringContaining("webhooks.in.a.session: must be a session that is kept"),
    "webhooks.out.c.url: must be an address such as https://example.com/hook",
  ]);
});

test("hooks of agents that are not there, and rules that are none, are refused", async () => {
  const hook = `[[hooks]]\nevent = "agent.completed"\ncommand = "true"\nagent = "nobody"\nnetwork = ["connect:ftp://x"]\n`;
  expect(await refused(hook)).toEqual([
    expect.stringContaining("hooks.0.network.0: "),
    'hooks.0.agent: names agent "nobody", which has neither a table nor a file',
  ]);
});
