import { expect, test } from "bun:test";
import { createLauncher, type LauncherConfig } from "../../src/sandbox/launcher.ts";
import { commandSandbox, testExecConfig } from "../support/launcher.ts";
import { testWorkspace } from "../support/workspace.ts";

const signal = new AbortController().signal;

async function setUp() {
  const workspace = await testWorkspace();
  let exec: LauncherConfig = testExecConfig();
  const launcher = createLauncher({
    config: () => ({ exec }),
    sandbox: async () => commandSandbox,
    home: workspace.home,
    userHome: workspace.userHome,
    lookup: async () => [],
    onDenied: () => {},
  });
  const configure = (override: Partial<LauncherConfig>) => {
    exec = { ...exec, ...override };
  };
  const where = {
    cwd: workspace.path,
    workspace: workspace.path,
    signal,
    onOutput: () => {},
    writes: true,
    network: [],
  };
  return Object.assign(workspace, { launcher, configure, where });
}

const script = (command: string) => ({ mode: "shell", argv: ["/bin/sh", "-c", command] }) as const;

test("createLauncher runs with the limits and folders that the config has at that moment", async () => {
  await using t = await setUp();
  t.configure({ max_output: 1000, path: ["/usr/bin", "/bin"] });
  expect((await t.launcher.run(script("echo $HOME $PATH"), t.where)).output).toBe(`${t.path} /usr/bin:/bin\n`);
  expect((await t.launcher.run(script("seq 1 1000"), t.where)).truncated).toBe(true);

  t.configure({ path: ["/bin"], max_output: 100_000, timeout_ms: 300 });
  expect((await t.launcher.run(script("echo $PATH"), { ...t.where, timeoutMs: 20_000 })).output).toBe("/bin\n");
  expect((await t.launcher.run(script("exec sleep 1000"), t.where)).timedOut).toBe(true);
});

test("createLauncher runs steps without a shell", async () => {
  await using t = await setUp();
  const steps = [{ when: "always" as const, pipeline: [["/bin/echo", "$(id)"], ["/bin/cat"]] }];
  expect((await t.launcher.run({ mode: "argv", steps }, t.where)).output).toBe("$(id)\n");
});
