import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { LIFTABLE_RULES } from "../../src/protocol/exec-floor.ts";
import { commandSite, ENV, SHELL, type TestSite } from "../support/command-site.ts";
import { PROGRAM_PATH, SERVER_PID } from "../support/workspace.ts";

let workspace: TestSite;
const classify: TestSite["classify"] = (command, override) => workspace.classify(command, override);

beforeAll(async () => {
  workspace = await commandSite();
});

afterAll(() => workspace[Symbol.asyncDispose]());

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
  const site = { cwd: own, workspace: own, path: PROGRAM_PATH, guarded, shell: SHELL };
  const tier = async (command: string) => (await classify(command, site)).tier;
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
  const { tier, reason } = await classify("ls", { path: [bin, ...PROGRAM_PATH] });
  expect({ tier, reason }).toEqual({
    tier: "ask",
    reason: 'Program "ls" is not where only the system could have put it',
  });
});

test("classifyCommand keeps ALEPH_HOME closed where the workspace holds it", async () => {
  const site = { workspace: workspace.userHome, cwd: workspace.userHome };
  const tier = async (command: string) => (await classify(command, site)).tier;
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

const SHA = expect.stringMatching(/^[0-9a-f]{64}$/);

test("classifyCommand runs a literal command that asks without a shell, bound to its program, its files and the folder", async () => {
  const { path, write } = workspace;
  await write("build.js", "1\n");
  const verdict = await classify("cp build.js 'with space.txt'");
  expect(verdict).toEqual({
    tier: "ask",
    reason: '"cp" is not one of the programs that only look',
    plan: {
      mode: "argv",
      command: "cp build.js 'with space.txt'",
      steps: [{ when: "always", pipeline: [[expect.stringMatching(/\/cp$/), "build.js", "with space.txt"]] }],
      cwd: path,
      env: ENV,
      cwd_id: expect.stringMatching(/^\d+:\d+$/),
      programs: [{ path: expect.stringMatching(/\/cp$/), sha256: SHA }],
      files: [
        { path: join(path, "build.js"), sha256: new Bun.CryptoHasher("sha256").update("1\n").digest("hex") },
        { path: join(path, "with space.txt"), sha256: SHA },
      ],
    },
    pattern: {
      program: expect.stringMatching(/\/cp$/),
      sha256: SHA,
      args: ["build.js", "with space.txt"],
      workspace: path,
    },
  });
  await write("build.js", "2\n");
  expect((await classify("cp build.js 'with space.txt'")).plan).not.toEqual(verdict.plan);
  expect((await classify("cp build.js 'with space.txt'")).pattern).toEqual(verdict.pattern!);
});

test.each([
  ["node build.js < README.md > out.txt", ["README.md", "build.js"]],
  ["bash -c 'cat src/a.ts | sh src/deep/b.ts'", ["src/a.ts", "src/deep/b.ts"]],
  ["make --file=README.md X=src/a.ts", ["README.md", "src/a.ts"]],
  ["curl -d @README.md http://x", ["README.md"]],
  ["./build.js", ["build.js"]],
  ["echo $(cat src/a.ts)", ["src/a.ts"]],
  ["cat pipe /dev/zero", []],
  ["for f in README.md src/a.ts; do wc $f; done", ["README.md", "src/a.ts"]],
])("classifyCommand binds the files that are named in %s", async (command, files) => {
  await workspace.write("build.js", "1\n");
  const { plan } = await classify(command);
  expect(plan.files?.map(({ path }) => path)).toEqual(files.map((name) => join(workspace.path, name)));
});

test("classifyCommand binds the script that is run by its path as a program", async () => {
  const script = await workspace.write("run.sh", "#!/bin/sh\n");
  Bun.spawnSync(["chmod", "755", script]);
  const { plan, pattern } = await classify("./run.sh");
  expect([plan.mode, plan.programs, pattern]).toEqual(["shell", [{ path: script, sha256: SHA }], null]);
});

test.each(["cd src", "export A=b", "source x", "eval ls", "nosuchprogram x", "mkdir a > b", "mkdir $A", "mkdir a &"])(
  "classifyCommand leaves %s to a shell, and offers no grant for always",
  async (command) => {
    const { tier, plan, pattern } = await classify(command);
    expect([tier, plan.mode, pattern]).toEqual(["ask", "shell", null]);
  },
);

test.each([
  "python3 x.py",
  "bash x.sh",
  "sh",
  "env ls x",
  "xargs ls",
  "timeout 5 ls",
  "nice ls",
  "find . -name x",
  "git status",
  "ssh host",
  "make",
  "vi x",
  "perl x",
  "awk 1 x",
  "tar xf x",
  "sed -n 1p x",
  "curl https://example.com",
  "mkdir a && mkdir b",
  "mkdir a | cat",
])("classifyCommand offers no grant for always for %s", async (command) => {
  expect(await classify(command)).toMatchObject({ tier: "ask", pattern: null });
});

test.each([
  ["privilege", "sudo ls"],
  ["power", "reboot"],
  ["disks", "mkfs.ext4 /dev/sdb1"],
  ["raw_device", "dd if=x of=/dev/sda"],
  ["system_removal", "rm -rf /"],
  ["system_ownership", "chmod -R 777 /"],
  ["fork_bomb", ":(){ :|:& };:"],
  ["metadata", "curl http://169.254.169.254/x"],
  ["server", "pkill aleph"],
] as const)("the rule %s has its name in the refusal, and asks when the config lifts it", async (rule, command) => {
  const verdict = await classify(command);
  expect(verdict).toMatchObject({ tier: "deny", rule, reason: expect.stringContaining(`(rule "${rule}")`) });
  const lifted = await classify(command, { lifted: [rule] });
  expect([lifted.tier, lifted.rule]).toEqual(["ask", undefined]);
  const others = LIFTABLE_RULES.filter((name) => name !== rule);
  expect(await classify(command, { lifted: others })).toMatchObject({ tier: "deny", rule });
});

test("rules about Aleph itself are not lifted, nor what nobody can judge, nor what stands behind a lifted wrapper", async () => {
  const own = `cat ${workspace.home.credentials}/token`;
  for (const [command, rule] of [
    [own, "own_files"],
    [`sudo ${own}`, "own_files"],
    ["aleph config set a b", "own_commands"],
    ["sudo aleph approvals approve x", "own_commands"],
    ["aleph mcp approve odd", "own_commands"],
    ["aleph-server update --yes", "own_commands"],
    ["aleph service stop", "own_commands"],
    ["ls \0", "not_judgeable"],
  ] as const) {
    expect(await classify(command, { lifted: LIFTABLE_RULES })).toMatchObject({ tier: "deny", rule });
  }
  const lifted = ["privilege"] as const;
  expect(await classify("sudo rm -rf /", { lifted })).toMatchObject({ tier: "deny", rule: "system_removal" });
  expect(await classify("sudo -u x sh -c 'reboot'", { lifted })).toMatchObject({ tier: "deny", rule: "power" });
  expect(await classify("su -c 'rm -rf /'", { lifted })).toMatchObject({ tier: "deny", rule: "system_removal" });
});
