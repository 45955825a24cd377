import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureHome, type Home, homeAt } from "../../../src/config/home.ts";
import { claimHome } from "../../../src/config/instance.ts";
import { runCli } from "../../support/cli.ts";
import { testFolder } from "../../support/folder.ts";

/** A home, and in front of PATH a program that remembers how it was called and answers as `says` does. */
async function machine(says: string) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const bin = join(folder.path, "bin");
  const log = join(folder.path, "called");
  mkdirSync(bin);
  writeFileSync(join(bin, "systemctl"), `#!/bin/sh\necho "$@" >>"${log}"\n${says}\n`, { mode: 0o755 });
  writeFileSync(join(bin, "loginctl"), "#!/bin/sh\necho Linger=no\n", { mode: 0o755 });
  // What the service that systemctl tells of would hold.
  const claimed = stack.use(await claimHome(ensured(folder.path)));
  claimed.announce({ pid: 7, instance_id: "i", url: "http://127.0.0.1:1", started_at: 1 });
  const owned = stack.move();
  return {
    home: folder.path,
    unit: join(folder.path, ".config/systemd/user/aleph-server.service"),
    called: () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []),
    run: (...args: string[]) =>
      runCli(["service", ...args], { home: folder.path, env: { PATH: `${bin}:${process.env.PATH}`, NO_COLOR: "1" } }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function ensured(path: string): Home {
  const home = homeAt(path);
  ensureHome(home);
  return home;
}

const RUNNING = `case "$*" in *show*) printf 'LoadState=loaded\\nUnitFileState=enabled\\nActiveState=active\\nSubState=running\\nMainPID=7\\nFragmentPath=/u\\n' ;; esac`;
const STOPPED = `case "$*" in *show*) printf 'LoadState=loaded\\nUnitFileState=enabled\\nActiveState=inactive\\nSubState=dead\\nMainPID=0\\nFragmentPath=/u\\n' ;; esac`;

test.if(process.platform === "linux")("service installs, tells and removes a unit of the person", async () => {
  await using it = await machine(RUNNING);
  expect(await it.run("install", "--port", "8080", "--remote")).toEqual({
    code: 0,
    stdout: "",
    stderr: `The server runs, and starts by itself from now on (${it.unit})\nIt ends when you log out. To let it run always: loginctl enable-linger\n`,
  });
  const unit = readFileSync(it.unit, "utf8");
  expect(unit).toContain(" serve --port 8080 --remote\n");
  expect(unit).toContain(`Environment=ALEPH_HOME=${it.home}\n`);
  expect(it.called()).toEqual([
    "--user daemon-reload",
    "--user daemon-reload",
    "--user enable aleph-server.service",
    "--user restart aleph-server.service",
    "--user show aleph-server.service --property=LoadState,UnitFileState,ActiveState,SubState,MainPID,FragmentPath",
  ]);
  expect(await it.run("--json")).toEqual({
    code: 0,
    stdout:
      '{"manager":"systemd","installed":true,"enabled":true,"running":true,"state":"active (running)","pid":7,"file":"/u"}\n',
    stderr: "",
  });
  expect(JSON.parse((await it.run("install", "--json", "--home", "/srv/a")).stdout)).toEqual({
    manager: "systemd",
    file: it.unit,
    hints: ["It ends when you log out. To let it run always: loginctl enable-linger"],
  });
  expect(readFileSync(it.unit, "utf8")).toContain("Environment=ALEPH_HOME=/srv/a\n");
  expect(await it.run("uninstall")).toEqual({
    code: 0,
    stdout: "",
    stderr: `The server starts by itself no more; ${it.unit} is gone\n`,
  });
  expect(existsSync(it.unit)).toBe(false);
});

test.if(process.platform === "linux")(
  "service stops and starts it, and tells with its exit code whether it runs",
  async () => {
    await using it = await machine(STOPPED);
    const told = `service           installed, with systemd
state             inactive (dead)
starts by itself  yes
file              /u
`;
    expect(await it.run("stop")).toEqual({ code: 0, stdout: told, stderr: "" });
    expect(await it.run("status")).toEqual({ code: 69, stdout: told, stderr: "" });
    const ended = {
      code: 1,
      stdout: "",
      stderr:
        "Error: The service was started, and the server ended (inactive (dead))\nWhat it wrote: journalctl --user --unit aleph-server.service. Then: aleph service restart\n",
    };
    expect(await it.run("start")).toEqual(ended);
    expect(await it.run("restart")).toEqual(ended);
    expect(it.called().filter((words) => !words.includes("show"))).toEqual([
      "--user stop aleph-server.service",
      "--user start aleph-server.service",
      "--user restart aleph-server.service",
    ]);
  },
);

test.if(process.platform === "linux")("service does not say that a server runs which ended at once", async () => {
  const show = (state: string) =>
    `printf 'LoadState=loaded\\nUnitFileState=enabled\\nActiveState=${state}\\nMainPID=0\\nFragmentPath=/u\\n'`;
  await using it = await machine(`case "$*" in *show*)
    if [ -e "$HOME/asked" ]; then ${show("activating\\nSubState=auto-restart")}; else ${show("active\\nSubState=running")}; fi
    : >"$HOME/asked" ;; esac`);
  expect(await it.run("install")).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "Error: The service was started, and the server ended (activating (auto-restart))\nWhat it wrote: journalctl --user --unit aleph-server.service. Then: aleph service restart\n",
  });
  expect(existsSync(it.unit)).toBe(true);
});

test.if(process.platform === "linux")(
  "service says what to do where no systemd runs, and refuses a port that is none",
  async () => {
    await using it = await machine("echo 'Failed to connect to bus: No medium found' >&2; exit 1");
    expect(await it.run("install")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Error: systemd does not run here for this account\n"),
    });
    expect(existsSync(it.unit)).toBe(false);
    expect(await it.run("install", "--port", "0")).toEqual({
      code: 2,
      stdout: "",
      stderr: 'Error: Port "0" is not a number from 1 to 65535\nFor example --port 18790\n',
    });
  },
);
