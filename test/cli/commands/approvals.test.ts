import { expect, test } from "bun:test";
import { collectEvents } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";
import { conversation } from "../../support/conversation.ts";
import { testFolder } from "../../support/folder.ts";

async function asked(command: string) {
  const server = await conversation();
  server.fake.reply([{ tool_call: { name: "exec", args: { command } } }], "Done");
  const events = await collectEvents(server.client);
  await server.client.call("agent.run", { message: "Do it" });
  const { data } = await events.until(({ topic }) => topic === "approval.requested");
  const ended = () => events.until(({ topic }) => topic === "agent.completed");
  return { server, home: server.home.path, id: (data as { approval_id: string }).approval_id, ended };
}

test("approvals shows what waits, whole, and allows it", async () => {
  const { server, home, id, ended } = await asked("mkdir 'a\x1b[2J'");
  await using _server = server;
  const list = await runCli(["approvals"], { home });
  expect(list.code).toBe(0);
  expect(list.stdout).toContain(id);
  expect(list.stdout).toContain("$ mkdir 'a\\x1b[2J'");
  const show = await runCli(["approvals", "show", id], { home });
  expect(show.stdout).toMatch(/^ {2}command +│ mkdir 'a\\x1b\[2J'$/m);
  expect(show.stdout).toEndWith("  pending\n");
  expect(await runCli(["approvals", "approve", id, "--session"], { home })).toEqual({
    code: 0,
    stdout: "",
    stderr: "Allowed: $ mkdir 'a\\x1b[2J'\n",
  });
  await ended();
  const again = await runCli(["approvals", "deny", id], { home });
  expect({ code: again.code, first: again.stderr.split("\n")[0] }).toEqual({
    code: 1,
    first: `Error: Approval "${id}" is approved already`,
  });
  const { approvals } = await server.client.call("approvals.list", {});
  expect(approvals).toMatchObject([{ approval_id: id, decision: "session" }]);
  expect(await runCli(["approvals"], { home })).toEqual({
    code: 0,
    stdout: "",
    stderr: "Nothing waits for an answer\n",
  });
  expect((await runCli(["approvals", "list", "--status", "all"], { home })).stdout).toContain("approved");
});

test("approvals deny keeps it from running", async () => {
  const { server, home, id, ended } = await asked("mkdir x");
  await using _server = server;
  const { code, stdout } = await runCli(["approvals", "deny", id, "--json"], { home });
  expect({ code, answer: JSON.parse(stdout) }).toMatchObject({
    code: 0,
    answer: { approval_id: id, status: "denied" },
  });
  await ended();
  expect(JSON.stringify(server.fake.requests[1]!.body.messages)).toContain("refused");
});

test("approvals that no server holds are not answered", async () => {
  await using home = await testFolder();
  const { code, stderr } = await runCli(["approvals", "approve", "approval_1"], { home: home.path });
  expect({ code, first: stderr.split("\n")[0] }).toEqual({
    code: 69,
    first: `Error: No server is running for ${home.path}`,
  });
  expect((await runCli(["approvals", "approve", "x", "--session", "--always"], { home: home.path })).code).toBe(2);
});

test("approvals grants lists what was allowed for longer, and revoke takes it back", async () => {
  const { server, home, id, ended } = await asked("mkdir made");
  await using _server = server;
  expect((await runCli(["approvals", "grants"], { home })).stderr).toBe("Nothing is allowed for longer than once\n");
  const show = await runCli(["approvals", "show", id], { home });
  expect(show.stdout).toMatch(/^ {2}always\.args +│ \["made"\]$/m);
  await runCli(["approvals", "approve", id, "--always"], { home });
  await ended();
  const list = await runCli(["approvals", "grants"], { home });
  expect(list.stdout).toMatch(new RegExp(`${id} +always +\\$ /\\S*/mkdir made +owner +just now`));
  expect(await runCli(["approvals", "revoke", id], { home })).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^Not allowed any more: \$ \/\S*\/mkdir made\n$/),
  });
  expect(JSON.parse((await runCli(["approvals", "grants", "--json"], { home })).stdout)).toEqual({ grants: [] });
  expect((await runCli(["approvals", "revoke", id], { home })).code).toBe(1);
});

test("approvals does not allow for always what may run anything", async () => {
  const { server, home, id } = await asked("python3 x.py");
  await using _server = server;
  const { code, stderr } = await runCli(["approvals", "approve", id, "--always"], { home });
  expect([code, stderr.split("\n")[0]]).toEqual([
    2,
    "Error: This cannot be allowed for always: what it runs is not all in its words",
  ]);
  expect((await server.client.call("approvals.get", { approval_id: id })).status).toBe("pending");
});
