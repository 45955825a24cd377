import { expect, test } from "bun:test";
import { mkdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { exec } from "../../../src/tools/exec/exec.ts";
import { testCommands } from "../../support/commands.ts";
import { callTool, refusalOf } from "../../support/tool-call.ts";
import { PROGRAM_PATH } from "../../support/workspace.ts";

test("exec runs a command that only looks, without a shell", async () => {
  await using t = await testCommands();
  await t.write("notes.txt", "b\na\n");
  const prepared = await t.prepare({ command: "sort notes.txt | head -n 1 && echo '$HOME'" });
  expect([prepared.tier, prepared.plan.mode]).toEqual(["allow", "argv"]);
  expect(await prepared.run()).toEqual({ ok: true, text: "a\n$HOME" });
});

test("exec asks for any other command and shows the shell that would run it", async () => {
  await using t = await testCommands();
  const prepared = await t.prepare({ command: "echo $HOME > out.txt; cat out.txt", timeout_ms: 5000 });
  expect({ tier: prepared.tier, plan: prepared.plan }).toEqual({
    tier: "ask",
    plan: {
      mode: "shell",
      command: "echo $HOME > out.txt; cat out.txt",
      argv: [expect.stringMatching(/\/(?:ba)?sh$/), "-c", "echo $HOME > out.txt; cat out.txt"],
      cwd: t.path,
      env: expect.objectContaining({ HOME: t.path, PATH: PROGRAM_PATH.join(":"), ALEPH_COMMAND: expect.any(String) }),
      cwd_id: expect.stringMatching(/^\d+:\d+$/),
      programs: expect.arrayContaining([
        { path: expect.stringMatching(/\/cat$/), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      ]),
      files: [],
      timeout_ms: 5000,
      sandbox: {
        level: "kernel",
        reason: expect.stringContaining("tried out"),
        allows: expect.stringContaining("and reach no host"),
        read: [],
        write: [t.path, "a temporary folder of its own"],
        never_write: expect.arrayContaining([".aleph", ".bashrc", ".git/hooks", ".git/config"]),
        network: [],
        memory_mb: 2048,
        processes: 512,
      },
    },
  });
  expect(await Bun.file(join(t.path, "out.txt")).exists()).toBe(false);
  expect(await prepared.run()).toEqual({ ok: true, text: t.path });
});

test("exec denies what the floor holds", async () => {
  await using t = await testCommands();
  for (const command of ["rm -rf /", "sudo ls", "cat ../../credentials/token", "aleph config set a b"]) {
    expect((await t.prepare({ command })).tier).toBe("deny");
  }
});

test("exec tells how a command failed", async () => {
  await using t = await testCommands();
  expect(await t.call({ command: "cat none" })).toEqual({
    ok: false,
    text: expect.stringMatching(/none: No such file or directory\n\[exit code 1\]$/),
  });
  expect(await t.call({ command: "false" })).toEqual({ ok: false, text: "[exit code 1]" });
  expect(await t.call({ command: "true" })).toEqual({ ok: true, text: "[no output]" });
  expect(await t.call({ command: "kill -9 $$" })).toEqual({ ok: false, text: expect.stringMatching(/SIGKILL\]$/) });
  expect(await t.call({ command: "echo begun; exec sleep 1000", timeout_ms: 500 })).toEqual({
    ok: false,
    text: "begun\n[stopped: it took too long]",
  });
});

test("exec shows output as it comes", async () => {
  await using t = await testCommands();
  const pieces: string[] = [];
  await callTool(
    exec,
    t.needs,
    { command: "echo one; echo two" },
    t.context({ progress: (text) => pieces.push(text) }),
  );
  expect(pieces.join("")).toBe("one\ntwo\n");
});

test("exec runs in the folder that it is given, if that is in the workspace", async () => {
  await using t = await testCommands();
  await mkdir(join(t.path, "sub"));
  await t.write("file", "");
  await symlink("/etc", join(t.path, "out"));
  expect((await t.call({ command: "pwd", cwd: "sub" })).text).toBe(join(t.path, "sub"));
  expect(await refusalOf(t.call({ command: "pwd", cwd: "none" }))).toBe(
    'not_found: "none" is not a folder in the workspace',
  );
  expect(await refusalOf(t.call({ command: "pwd", cwd: "file" }))).toBe(
    'not_found: "file" is not a folder in the workspace',
  );
  for (const cwd of ["..", "/", "out"])
    expect(await refusalOf(t.call({ command: "pwd", cwd }))).toStartWith("forbidden: ");
});

const CHANGED = "forbidden: What the command would touch has changed since it was judged";

test("exec does not run what was allowed when the file has become a link to elsewhere", async () => {
  await using t = await testCommands();
  await t.write("notes.txt", "mine");
  await Bun.write(join(t.userHome, "secret.txt"), "secret");
  const prepared = await t.prepare({ command: "cat notes.txt" });
  await rm(join(t.path, "notes.txt"));
  await symlink(join(t.userHome, "secret.txt"), join(t.path, "notes.txt"));
  expect(await refusalOf(prepared.run())).toBe(CHANGED);
});

test("exec does not run what was approved when its folder leads elsewhere by then", async () => {
  await using t = await testCommands();
  await mkdir(join(t.path, "sub"));
  await mkdir(join(t.path, "other"));
  const prepared = await t.prepare({ command: "touch here", cwd: "sub" });
  expect(prepared.tier).toBe("ask");
  await rename(join(t.path, "sub"), join(t.path, "moved"));
  await symlink("other", join(t.path, "sub"));
  expect(await refusalOf(prepared.run())).toBe(CHANGED);
  await rm(join(t.path, "sub"));
  await symlink(t.home.credentials, join(t.path, "sub"));
  expect(await refusalOf(prepared.run())).toStartWith("forbidden: ");
});

test("exec does not run what is refused by the time it was approved", async () => {
  await using t = await testCommands();
  const prepared = await t.prepare({ command: "touch notes/x" });
  expect(prepared.tier).toBe("ask");
  await symlink(t.home.path, join(t.path, "notes"));
  expect(await refusalOf(prepared.run())).toBe(CHANGED);
});

test("exec ends the command when the run is aborted", async () => {
  await using t = await testCommands();
  const abort = new AbortController();
  const begun = Promise.withResolvers<void>();
  const context = t.context({ signal: abort.signal, progress: () => begun.resolve() });
  const running = callTool(exec, t.needs, { command: "echo begun; sleep 1000" }, context);
  await begun.promise;
  abort.abort();
  expect(await running).toEqual({ ok: false, text: expect.stringMatching(/^begun\n.*SIG(?:TERM|KILL)\]$/) });
});
