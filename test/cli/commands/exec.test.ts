import { expect, test } from "bun:test";
import { runCli } from "../../support/cli.ts";
import { conversation } from "../../support/conversation.ts";

test("exec explain tells the tier, the reason and the whole plan, and runs nothing", async () => {
  await using server = await conversation();
  const home = server.home.path;
  const allowed = await runCli(["exec", "explain", "ls -l | head"], { home });
  expect([allowed.code, allowed.stdout.split("\n")[0]]).toEqual([
    0,
    "allow  runs at once  It only looks, and only inside the workspace",
  ]);
  const asked = await runCli(["exec", "explain", "mkdir 'a\x1b[2J'"], { home });
  expect(asked.stdout).toStartWith("ask  asks you first  ");
  expect(asked.stdout).toContain("│ mkdir 'a\\x1b[2J'\n");
  const { stdout } = await runCli(["exec", "explain", "mkdir made"], { home });
  expect(stdout).toMatch(/^ {2}always\.args +│ \["made"\]$/m);
  const denied = await runCli(["exec", "explain", "reboot"], { home });
  expect(denied.stdout).toStartWith('deny  never runs  "reboot" stops the machine (rule "power")\n');
  expect(denied.stdout).toEndWith('config.toml makes it ask: [exec] allow_denied = ["power"]\n');
  const own = await runCli(["exec", "explain", "aleph config set a b"], { home });
  expect(own.stdout).toContain('(rule "own_commands")');
  expect(own.stdout).not.toContain("allow_denied");
  const json = await runCli(["exec", "explain", "sudo ls", "--json"], { home });
  expect(JSON.parse(json.stdout)).toMatchObject({ tier: "deny", rule: "privilege", can_be_lifted: true });
  expect((await server.client.call("approvals.list", {})).approvals).toEqual([]);
});

test("exec explain without a command is a usage error", async () => {
  await using server = await conversation();
  expect((await runCli(["exec", "explain"], { home: server.home.path })).code).toBe(2);
});
