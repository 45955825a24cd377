import { expect, test } from "bun:test";
import { createLauncher } from "../../src/sandbox/launcher.ts";
import { testFolder } from "../support/folder.ts";

const signal = new AbortController().signal;

test("createLauncher runs with the limits and folders that the config has at that moment", async () => {
  await using folder = await testFolder();
  const exec = { timeout_ms: 20_000, max_output: 1000, path: ["/usr/bin", "/bin"] };
  const launcher = createLauncher({ config: () => ({ exec }) });
  const where = { cwd: folder.path, workspace: folder.path, signal, onOutput: () => {} };
  const script = (command: string) => ({ mode: "shell", argv: ["/bin/sh", "-c", command] }) as const;

  expect((await launcher.run(script("echo $HOME $PATH"), where)).output).toBe(`${folder.path} /usr/bin:/bin\n`);
  expect((await launcher.run(script("seq 1 1000"), where)).truncated).toBe(true);

  exec.path = ["/bin"];
  exec.max_output = 100_000;
  exec.timeout_ms = 50;
  expect((await launcher.run(script("echo $PATH"), { ...where, timeoutMs: 20_000 })).output).toBe("/bin\n");
  expect((await launcher.run(script("exec sleep 1000"), where)).timedOut).toBe(true);
});

test("createLauncher runs steps without a shell", async () => {
  await using folder = await testFolder();
  const launcher = createLauncher({
    config: () => ({ exec: { timeout_ms: 20_000, max_output: 1000, path: ["/bin"] } }),
  });
  const steps = [{ when: "always" as const, pipeline: [["/bin/echo", "$(id)"], ["/bin/cat"]] }];
  const where = { cwd: folder.path, workspace: folder.path, signal, onOutput: () => {} };
  expect((await launcher.run({ mode: "argv", steps }, where)).output).toBe("$(id)\n");
});
