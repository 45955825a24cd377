import { expect, test } from "bun:test";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";

test("whoami tells who a token is and what it may do", async () => {
  await using t = await testApp();
  const owner = await runCli(["whoami"], { home: t.home.path });
  expect(owner).toEqual({
    code: 0,
    stdout: "identity  owner owner\nrole      operator\nmay       read, chat, write, approve, admin\n",
    stderr: "",
  });
  const { token } = await t.client.call("auth.tokens.create", { name: "eye", scopes: ["read"] });
  const env = { ALEPH_URL: t.url, ALEPH_TOKEN: token };
  const other = await runCli(["whoami", "--json"], { home: t.home.path, env });
  expect(JSON.parse(other.stdout)).toMatchObject({ scopes: ["read"] });
});
