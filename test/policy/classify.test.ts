import { afterAll, beforeAll, expect, test } from "bun:test";
import { link, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { classifyCommand } from "../../src/policy/classify.ts";
import { PROGRAM_PATH, SERVER_PID, type TestWorkspace, testWorkspace } from "../support/workspace.ts";
import { DENIED, NOT_DENIED } from "./classify/denied.ts";
import { EVERYDAY } from "./classify/everyday.ts";
import { HOSTILE } from "./classify/hostile.ts";

const SHELL = ["/bin/bash", "-c"];
const ENV = { PATH: "/usr/bin", HOME: "/w" };
const hashes = new Map<string, string>();

let workspace: TestWorkspace;

beforeAll(async () => {
  workspace = await testWorkspace();
  const { path, home } = workspace;
  await workspace.write("README.md", "# hello\nworld\n");
  await workspace.write("with space.txt", "hello\n");
  await workspace.write("src/a.ts", "hello\n");
  await workspace.write("src/deep/b.ts", "hello\n");
  for (const secret of [
    ".env",
    ".env.production",
    ".ssh/id_ed25519",
    "server.pem",
    "credentials.json",
    "secrets.yaml",
  ]) {
    await workspace.write(secret, "KEY=1\n");
  }
  await mkdir(join(home.workspaces, "other"));
  await symlink("/etc/passwd", join(path, "link-out"));
  await symlink("/etc", join(path, "link-folder"));
  await symlink(join(path, "nowhere"), join(path, "dangling"));
  await symlink(home.path, join(path, "own-link"));
  await symlink(home.credentials, join(path, "own-sub"));
  await Bun.write(join(workspace.userHome, "outside.txt"), "outside\n");
  await link(join(workspace.userHome, "outside.txt"), join(path, "hard-link"));
  Bun.spawnSync(["mkfifo", join(path, "pipe")]);
});

afterAll(() => workspace[Symbol.asyncDispose]());

function fill(line: string): string {
  return line
    .replaceAll("@ALEPH@", workspace.home.path)
    .replaceAll("@HOME@", workspace.userHome)
    .replaceAll("@PID@", String(SERVER_PID));
}

const classify = (command: string) => classifyCommand(command, { ...workspace.site, shell: SHELL, env: ENV, hashes });

async function tiersOf(lines: readonly string[]) {
  const verdicts = await Promise.all(lines.map(async (line) => ({ line, ...(await classify(fill(line))) })));
  return verdicts.map(({ line, tier, reason }) => ({ line, tier, reason }));
}

test("classifyCommand lets everyday looking around run", async () => {
  const verdicts = await tiersOf(EVERYDAY);
  expect(verdicts.filter(({ tier }) => tier !== "allow")).toEqual([]);
});

test("classifyCommand knows enough hostile lines", () => {
  expect(Object.values(HOSTILE).flat().length).toBeGreaterThan(250);
});

for (const [way, lines] of Object.entries(HOSTILE)) {
  test(`classifyCommand never lets run unasked: ${way}`, async () => {
    const verdicts = await tiersOf(lines);
    expect(verdicts.filter(({ tier }) => tier === "allow")).toEqual([]);
  });
}

for (const [what, lines] of Object.entries(DENIED)) {
  test(`classifyCommand refuses: ${what}`, async () => {
    const verdicts = await tiersOf(lines);
    expect(verdicts.filter(({ tier }) => tier !== "deny")).toEqual([]);
  });
}

test("classifyCommand asks for what is near to a refused line but is not one", async () => {
  const verdicts = await tiersOf(NOT_DENIED);
  expect(verdicts.filter(({ tier }) => tier !== "ask")).toEqual([]);
});

test("classifyCommand plans an allowed line as programs with their arguments and no shell", async () => {
  expect(await classify("cat README.md | head -n 1 && pwd; echo 'a b' || false")).toEqual({
    tier: "allow",
    reason: "It only looks, and only inside the workspace",
    plan: {
      mode: "argv",
      command: "cat README.md | head -n 1 && pwd; echo 'a b' || false",
      steps: [
        {
          when: "always",
          pipeline: [
            [expect.stringMatching(/^\/.*\/cat$/), "README.md"],
            [expect.stringMatching(/\/head$/), "-n", "1"],
          ],
        },
        { when: "success", pipeline: [[expect.stringMatching(/^\/.*\/pwd$/)]] },
        { when: "always", pipeline: [[expect.stringMatching(/^\/.*\/echo$/), "a b"]] },
        { when: "failure", pipeline: [[expect.stringMatching(/^\/.*\/false$/)]] },
      ],
      cwd: workspace.path,
      env: ENV,
    },
  });
});

test("classifyCommand plans a line that asks as one shell with the very text", async () => {
  expect(await classify("git  status # now")).toEqual({
    tier: "ask",
    reason: "Not a plain command: it has more than plain words",
    plan: {
      mode: "shell",
      command: "git  status # now",
      argv: ["/bin/bash", "-c", "git  status # now"],
      cwd: workspace.path,
      env: ENV,
      cwd_id: expect.stringMatching(/^\d+:\d+$/),
      programs: expect.any(Array),
      files: [],
    },
    pattern: null,
  });
});

test.each(["ls \u200b", "echo 'a\u202eb'", "ls \u001b[2K", "ls\u00ad"])(
  "classifyCommand tells the person of what cannot be seen in %j",
  async (command) => {
    const { tier, reason } = await classify(command);
    expect([tier, reason]).toEqual(["ask", "It has characters that cannot be seen"]);
  },
);

test("classifyCommand knows folders whose names have blanks", async () => {
  const userHome = join(workspace.userHome, "my home");
  const path = join(userHome, ".aleph");
  const own = join(path, "workspaces/main");
  await mkdir(own, { recursive: true });
  const guarded = { home: { path, workspaces: join(path, "workspaces") }, userHome, pid: SERVER_PID };
  const site = { cwd: own, workspace: own, path: PROGRAM_PATH, guarded, shell: SHELL, env: ENV, hashes };
  const tier = async (command: string) => (await classifyCommand(command, site)).tier;
  const neighbour = `${path}-other/file`;
  expect(await tier(`cat '${path}/config.toml'`)).toBe("deny");
  expect(await tier(`cat "${path}"/config.toml`)).toBe("deny");
  expect(await tier(`python3 -c 'open("${path}/config.toml")'`)).toBe("deny");
  expect(await tier(`rm -rf '${userHome}'`)).toBe("deny");
  expect(await tier(`bash -c 'rm -rf "${userHome}"'`)).toBe("deny");
  expect(await tier(`cat '${neighbour}'`)).toBe("ask");
  expect(await tier(`ls '${own}'`)).toBe("allow");
});

test("classifyCommand does not trust a program that others could have put there", async () => {
  const bin = join(workspace.userHome, "bin");
  await mkdir(bin, { mode: 0o777 });
  await Bun.write(join(bin, "ls"), "#!/bin/sh\n");
  Bun.spawnSync(["chmod", "777", join(bin, "ls"), bin]);
  const options = { ...workspace.site, shell: SHELL, env: ENV, hashes };
  const { tier, reason } = await classifyCommand("ls", { ...options, path: [bin, ...PROGRAM_PATH] });
  expect({ tier, reason }).toEqual({
    tier: "ask",
    reason: 'Program "ls" is not where only the system could have put it',
  });
});

test("classifyCommand keeps ALEPH_HOME closed where the workspace holds it", async () => {
  const options = {
    ...workspace.site,
    workspace: workspace.userHome,
    cwd: workspace.userHome,
    shell: SHELL,
    env: ENV,
    hashes,
  };
  const tier = async (command: string) => (await classifyCommand(command, options)).tier;
  expect(await tier("ls -la")).toBe("allow");
  expect(await tier("cat outside.txt")).not.toBe("deny");
  expect(await tier("cat .aleph/config.toml")).toBe("deny");
  expect(await tier("ls .aleph")).toBe("deny");
  expect(await tier("cat .aleph/workspaces/main/README.md")).toBe("deny");
  expect(await tier("grep -r token")).toBe("ask");
});

test("classifyCommand stays quick on long lines made to be slow", async () => {
  const lines = [
    ">",
    "1",
    "'",
    "`",
    "{",
    "(",
    "$(",
    '"$(',
    "<(",
    "\\",
    "a=,@:",
    "$'\\",
    "/",
    "-",
    "*/",
    "../",
    "[",
    "env ",
  ];
  for (const line of lines) {
    const command = line.repeat(Math.floor(60_000 / line.length));
    const started = performance.now();
    const { tier } = await classify(`rm ${command}`);
    expect(tier).not.toBe("allow");
    // Generous for a busy machine; each of these took seconds or never ended before it had its own limit.
    expect(performance.now() - started).toBeLessThan(3000);
  }
});

test("classifyCommand reads the words of what it allows as the shell would", async () => {
  const bash = Bun.which("bash");
  if (!bash) throw new Error("This test needs bash");
  const piece = fc.constantFrom(
    ..."abz09 _-./:,=@%+'\"\\$`!*?[]{}()<>|&;#~^\t".split(""),
    "''",
    '""',
    "'a b'",
    '"c d"',
    "--",
    " -n ",
    "\n",
    "é",
  );
  const lines = fc.sample(fc.array(piece, { minLength: 1, maxLength: 14 }), { numRuns: 6000, seed: 20260801 });
  const accepted: { argv: readonly string[]; line: string }[] = [];
  for (const pieces of lines) {
    const line = `echo ${pieces.join("")}`;
    const { tier, plan } = await classify(line);
    if (tier !== "allow" || plan.mode !== "argv" || plan.steps.length !== 1 || plan.steps[0]!.pipeline.length !== 1)
      continue;
    accepted.push({ argv: plan.steps[0]!.pipeline[0]!.slice(1), line });
  }
  expect(accepted.length).toBeGreaterThan(200);
  // The same lines, run by the shell with an `echo` that tells its words.
  const teller = "echo() { local w; for w in \"$@\"; do printf '%s\\0' \"$w\"; done; printf '\\1'; }";
  const script = [teller, ...accepted.map(({ line }) => line)].join("\n");
  const told = Bun.spawnSync([bash, "--norc", "-c", script], { cwd: "/", env: {} }).stdout.toString();
  const words = told
    .split("\x01")
    .slice(0, -1)
    .map((text) => text.split("\0").slice(0, -1));
  expect(words.length).toBe(accepted.length);
  expect(words).toEqual(accepted.map(({ argv }) => [...argv]));
});
