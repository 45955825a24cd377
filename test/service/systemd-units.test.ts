import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemUnit, UNIT, userUnit } from "../../src/service/systemd-units.ts";
import { testFolder } from "../support/folder.ts";

const program = ["/usr/bin/aleph-server"];
const ANALYZE = Bun.which("systemd-analyze");

/** The lines that set something, without those that say why. */
function settings(unit: string): Readonly<Record<string, string>> {
  const lines = unit.split("\n").filter((line) => /^\w+=/.test(line));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

describe("the unit of the machine", () => {
  test("runs as a user of its own with one folder and no rights", () => {
    expect(settings(systemUnit({ program, arguments: [] }))).toEqual({
      Description: "Aleph, a personal AI assistant",
      Documentation: "man:aleph-server(1)",
      Wants: "network-online.target",
      After: "network-online.target",
      ExecStart: "/usr/bin/aleph-server serve",
      Environment: "HOME=%S/aleph ALEPH_HOME=%S/aleph",
      EnvironmentFile: "-/etc/default/aleph-server",
      WorkingDirectory: "%S/aleph",
      Type: "exec",
      Restart: "on-failure",
      RestartSec: "2",
      RestartPreventExitStatus: "77 78",
      KillMode: "mixed",
      TimeoutStopSec: "90",
      UMask: "0077",
      LimitNOFILE: "65536",
      DynamicUser: "yes",
      StateDirectory: "aleph",
      StateDirectoryMode: "0700",
      NoNewPrivileges: "yes",
      CapabilityBoundingSet: "",
      AmbientCapabilities: "",
      ProtectSystem: "strict",
      ProtectHome: "yes",
      PrivateTmp: "yes",
      PrivateDevices: "yes",
      ProtectKernelModules: "yes",
      ProtectControlGroups: "yes",
      ProtectClock: "yes",
      RestrictRealtime: "yes",
      RestrictSUIDSGID: "yes",
      LockPersonality: "yes",
      RemoveIPC: "yes",
      KeyringMode: "private",
      RestrictAddressFamilies: "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
      SystemCallArchitectures: "native",
      SystemCallFilter:
        "@system-service @mount landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp",
      SystemCallErrorNumber: "EPERM",
      WantedBy: "multi-user.target",
    });
  });

  test.if(ANALYZE !== null)("is exposed little, as systemd-analyze sees it", async () => {
    await using folder = await testFolder();
    const file = join(folder.path, UNIT);
    writeFileSync(file, systemUnit({ program, arguments: [] }));
    // Of 100; what is left is the network, user namespaces, and /proc as it is.
    const { exitCode, stdout } = Bun.spawnSync(
      [ANALYZE!, "security", "--offline=yes", "--threshold=35", "--no-pager", file],
      { stderr: "ignore" },
    );
    expect([exitCode, stdout.toString().includes("Overall exposure level")]).toEqual([0, true]);
  });
});

describe("the unit of a person", () => {
  test("runs with the person's own home unless another one is named", () => {
    expect(settings(userUnit({ program, arguments: ["--port", "8080"] }))).toEqual({
      Description: "Aleph, a personal AI assistant",
      Documentation: "man:aleph-server(1)",
      ExecStart: "/usr/bin/aleph-server serve --port 8080",
      EnvironmentFile: "-%E/aleph/environment",
      Type: "exec",
      Restart: "on-failure",
      RestartSec: "2",
      RestartPreventExitStatus: "77 78",
      KillMode: "mixed",
      TimeoutStopSec: "90",
      UMask: "0077",
      LimitNOFILE: "65536",
      NoNewPrivileges: "yes",
      WantedBy: "default.target",
    });
    expect(settings(userUnit({ program, arguments: [], home: "/srv/aleph" })).Environment).toBe(
      "ALEPH_HOME=/srv/aleph",
    );
  });

  test("escapes what has a meaning in a unit", () => {
    const { ExecStart, Environment } = settings(
      userUnit({ program: ["/opt/$a b/aleph"], arguments: ["--config", '/x/$y/100%/"q"\\'], home: "/h $a %h" }),
    );
    expect(ExecStart).toBe(String.raw`"/opt/$a b/aleph" serve --config "/x/$$y/100%%/\"q\"\\"`);
    expect(Environment).toBe('"ALEPH_HOME=/h $a %%h"');
  });

  test.each([
    ["a home", { program, arguments: [], home: "/a\nExecStart=/bin/sh" }],
    ["an argument", { program, arguments: ["--config", "/a\nb"] }],
  ])("takes no line break in %s", (_, description) => {
    expect(() => userUnit(description)).toThrow("has characters that no service can be given");
  });
});

test.if(ANALYZE !== null).each([
  ["system", systemUnit],
  ["user", userUnit],
] as const)("systemd-analyze finds nothing wrong with the unit of the %s", async (_, unit) => {
  await using folder = await testFolder();
  const executable = join(folder.path, "with $pace", "aleph-server");
  mkdirSync(join(folder.path, "with $pace"));
  writeFileSync(executable, "#!/bin/sh\n");
  chmodSync(executable, 0o755);
  const file = join(folder.path, UNIT);
  writeFileSync(file, unit({ program: [executable], arguments: ["--config", "/etc/$a b.toml"] }));
  const child = Bun.spawnSync([ANALYZE!, "verify", "--man=no", "--recursive-errors=no", file]);
  expect([child.exitCode, child.stderr.toString()]).toEqual([0, ""]);
});
