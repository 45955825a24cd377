/** Both managers against scripted programs that stand for systemctl and launchctl, and remember what they were asked. */
import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AlephError } from "../../src/protocol/errors.ts";
import type { ServiceDescription } from "../../src/service/description.ts";
import { type Answer, type ManagerOptions, openServiceManager } from "../../src/service/manager.ts";
import { systemUnit, UNIT, userUnit } from "../../src/service/systemd-units.ts";
import { testFolder } from "../support/folder.ts";

const description: ServiceDescription = { program: ["/usr/bin/aleph-server"], arguments: [] };

type Answers = (words: string) => Partial<Answer> | Error | undefined;

async function bench(answers: Answers, more: Partial<ManagerOptions> = {}) {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await testFolder());
  const asked: string[] = [];
  const home = join(folder.path, "home");
  const options: ManagerOptions = {
    platform: "linux",
    system: false,
    userHome: home,
    configHome: join(home, ".config"),
    alephHome: join(home, ".aleph"),
    uid: 1000,
    root: join(folder.path, "root"),
    async run(argv) {
      const words = argv.join(" ");
      asked.push(words);
      const answer = answers(words);
      if (answer instanceof Error) throw answer;
      return { exitCode: 0, output: "", ...answer };
    },
    ...more,
  };
  const owned = stack.move();
  return { asked, options, open: () => openServiceManager(options), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function faultOf(promise: Promise<unknown>) {
  const thrown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof AlephError)) throw new Error(`Not refused: ${String(thrown)}`);
  return [thrown.reason, thrown.message, thrown.data.hint];
}

const SHOWN = `LoadState=loaded
UnitFileState=enabled
ActiveState=active
SubState=running
MainPID=42
FragmentPath=/etc/x
`;

describe("systemd", () => {
  test("gets a unit of the person, enabled and started, and says that it ends with the login", async () => {
    await using it = await bench((words) => (words.startsWith("loginctl") ? { output: "Linger=no\n" } : undefined));
    const file = join(it.options.configHome, "systemd/user", UNIT);
    expect(await it.open().install({ ...description, home: "/srv/a" })).toEqual({
      file,
      hints: ["It ends when you log out. To let it run always: loginctl enable-linger"],
    });
    expect(readFileSync(file, "utf8")).toBe(userUnit({ ...description, home: "/srv/a" }));
    expect(it.asked).toEqual([
      "systemctl --user daemon-reload",
      "systemctl --user daemon-reload",
      `systemctl --user enable ${UNIT}`,
      `systemctl --user restart ${UNIT}`,
      "loginctl show-user 1000 --property=Linger",
    ]);
  });

  test("starts an installed unit anew with its new description", async () => {
    await using it = await bench((words) => (words.startsWith("loginctl") ? { output: "Linger=yes\n" } : undefined));
    await it.open().install(description);
    it.asked.length = 0;
    expect((await it.open().install({ ...description, arguments: ["--port", "1"] })).hints).toEqual([]);
    expect(it.asked.slice(2)).toEqual([
      `systemctl --user enable ${UNIT}`,
      `systemctl --user restart ${UNIT}`,
      "loginctl show-user 1000 --property=Linger",
    ]);
    expect(readFileSync(join(it.options.configHome, "systemd/user", UNIT), "utf8")).toContain("serve --port 1\n");
  });

  test("gets a unit of the machine from root alone, with the folder that is its own", async () => {
    await using it = await bench(() => undefined, { system: true, uid: 0 });
    const file = join(it.options.root!, "etc/systemd/system", UNIT);
    expect((await it.open().install(description)).file).toBe(file);
    expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777]).toEqual([systemUnit(description), 0o644]);
    expect(it.asked).toEqual([
      ...["systemctl daemon-reload", "systemctl daemon-reload"],
      ...[`systemctl enable ${UNIT}`, `systemctl restart ${UNIT}`],
    ]);
    expect(() => openServiceManager({ ...it.options, uid: 1000 })).toThrow(
      "A service of the machine is root's to change",
    );
  });

  test("uses the unit that a package brought, as long as nothing else is wanted", async () => {
    await using it = await bench(() => ({ output: SHOWN }), { system: true, uid: 0 });
    const shipped = join(it.options.root!, "usr/lib/systemd/system", UNIT);
    const own = join(it.options.root!, "etc/systemd/system", UNIT);
    mkdirSync(join(shipped, ".."), { recursive: true });
    writeFileSync(shipped, systemUnit(description));
    expect((await it.open().install(description)).file).toBe(shipped);
    expect(existsSync(own)).toBe(false);
    it.asked.length = 0;
    expect((await it.open().install({ ...description, arguments: ["--port", "1"] })).file).toBe(own);
    // The package's own may run already, without these arguments.
    expect(it.asked.at(-1)).toBe(`systemctl restart ${UNIT}`);
    expect((await it.open().install(description)).file).toBe(shipped);
    expect(existsSync(own)).toBe(false);
    expect(await it.open().uninstall()).toEqual({ removed: null, kept: shipped });
    expect(existsSync(shipped)).toBe(true);
  });

  test("is not given a home or an executable that a unit of the machine cannot see", async () => {
    await using it = await bench(() => undefined, { system: true, uid: 0 });
    expect(await faultOf(it.open().install({ ...description, home: "/srv/a" }))).toEqual([
      "invalid_params",
      "A service of the machine keeps everything in /var/lib/aleph",
      "Leave out --home, or leave out --system for a service of your account",
    ]);
    expect(
      await faultOf(it.open().install({ ...description, program: ["/home/p q/it's"], arguments: ["--host", "::"] })),
    ).toEqual([
      "conflict",
      'A service of the machine cannot see "/home/p q/it\'s"',
      "Put it where all can read it: sudo install -m 755 '/home/p q/it'\\''s' /usr/local/bin/aleph-server, then sudo aleph-server service install --system",
    ]);
    expect(await faultOf(it.open().install({ ...description, arguments: ["--config", "/root/a.toml"] }))).toEqual([
      "conflict",
      'A service of the machine cannot see "/root/a.toml"',
      "Put it where all can read it, such as in /etc, or leave it out: it reads /var/lib/aleph/config.toml",
    ]);
    expect(it.asked).toEqual([]);
  });

  test("is asked how it goes, and to start, stop and start anew", async () => {
    await using it = await bench(() => ({ output: SHOWN }));
    const manager = it.open();
    await manager.start();
    await manager.stop();
    await manager.restart();
    expect(await manager.status()).toEqual({
      installed: true,
      enabled: true,
      running: true,
      state: "active (running)",
      pid: 42,
      file: "/etc/x",
    });
    expect(it.asked).toEqual([
      `systemctl --user start ${UNIT}`,
      `systemctl --user stop ${UNIT}`,
      `systemctl --user restart ${UNIT}`,
      `systemctl --user show ${UNIT} --property=LoadState,UnitFileState,ActiveState,SubState,MainPID,FragmentPath`,
    ]);
  });

  test("takes the unit away and stops it, and says so when there was none", async () => {
    let shown = SHOWN;
    await using it = await bench(() => ({ output: shown }));
    const file = join(it.options.configHome, "systemd/user", UNIT);
    await it.open().install(description);
    it.asked.length = 0;
    expect(await it.open().uninstall()).toEqual({ removed: file, kept: null });
    expect(it.asked.slice(1)).toEqual([`systemctl --user disable --now ${UNIT}`, "systemctl --user daemon-reload"]);
    expect(existsSync(file)).toBe(false);
    shown = "LoadState=not-found\nUnitFileState=\nActiveState=inactive\nSubState=dead\nMainPID=0\nFragmentPath=\n";
    expect(await it.open().uninstall()).toEqual({ removed: null, kept: null });
    expect(await it.open().status()).toEqual({
      installed: false,
      enabled: false,
      running: false,
      state: "inactive (dead)",
      pid: null,
      file: null,
    });
  });

  const hint = "In a container let it start: aleph-server serve. In WSL put systemd=true under [boot] in /etc/wsl.conf";
  test.each([
    ["is not installed", new AlephError("not_found", "No such program")],
    [
      "is not what the machine began with",
      { exitCode: 1, output: "System has not been booted with systemd as init system (PID 1). Can't operate.\n" },
    ],
    ["has no session for the person", { exitCode: 1, output: "Failed to connect to bus: No medium found\n" }],
  ] as const)("says what to do where it %s, and writes nothing", async (_, answer) => {
    await using it = await bench(() => answer);
    expect(await faultOf(it.open().install(description))).toEqual([
      "not_found",
      "systemd does not run here for this account",
      `Behind sudo or su there is no session: log in as the person, or use --system. ${hint}`,
    ]);
    expect(existsSync(it.options.configHome)).toBe(false);
    await using system = await bench(() => answer, { system: true, uid: 0 });
    expect(await faultOf(system.open().status())).toEqual(["not_found", "systemd does not run here", hint]);
  });

  test("is quoted when it fails, and a service that is not installed is told as such", async () => {
    await using it = await bench((words) => ({
      exitCode: 5,
      output: words.includes("restart") ? `Failed to restart ${UNIT}: Unit ${UNIT} not found.\n` : "a\nJob failed\n",
    }));
    expect(await faultOf(it.open().start())).toEqual([
      "conflict",
      "systemctl start failed: Job failed",
      `What it wrote: journalctl --user --unit ${UNIT}`,
    ]);
    expect(await faultOf(it.open().restart())).toEqual([
      "not_found",
      "The service is not installed",
      "aleph service install",
    ]);
  });

  test("hands on what went wrong with the asking itself", async () => {
    await using it = await bench(() => new AlephError("timeout", "Too long"));
    expect(await faultOf(it.open().start())).toEqual(["timeout", "Too long", undefined]);
  });
});

describe("launchd", () => {
  const mac = { platform: "darwin", uid: 501 };
  const file = (options: ManagerOptions) => join(options.userHome, "Library/LaunchAgents/aleph-server.plist");
  /** It knows the service once it was told of it. */
  const launchd = (): Answers => {
    let isLoaded = false;
    return (words) => {
      if (words.startsWith("launchctl bootstrap")) isLoaded = true;
      else if (words.startsWith("launchctl bootout")) isLoaded = false;
      else if (words.startsWith("launchctl print")) {
        return isLoaded
          ? { output: "gui/501/aleph-server = {\n\tstate = running\n\tpid = 42\n}\n" }
          : { exitCode: 113, output: 'Could not find service "aleph-server" in domain for user gui: 501\n' };
      }
      return undefined;
    };
  };

  test("gets an agent, replaces it, stops, starts and removes it", async () => {
    await using it = await bench(launchd(), mac);
    const manager = it.open();
    const path = file(it.options);
    expect(await faultOf(manager.start())).toEqual([
      "not_found",
      "The service is not installed",
      "aleph service install",
    ]);
    expect(await manager.install(description)).toEqual({ file: path, hints: ["It starts when you log in"] });
    expect([existsSync(join(it.options.alephHome, "logs")), statSync(path).mode & 0o777]).toEqual([true, 0o644]);
    expect(await manager.status()).toEqual({
      installed: true,
      enabled: true,
      running: true,
      state: "running",
      pid: 42,
      file: path,
    });
    await manager.install({ ...description, arguments: ["--port", "1"] });
    expect(readFileSync(path, "utf8")).toContain("<string>--port</string>");
    await manager.restart();
    await manager.stop();
    expect(await manager.status()).toMatchObject({ installed: true, running: false, state: "not loaded", pid: null });
    await manager.restart();
    await manager.start();
    expect(await manager.uninstall()).toEqual({ removed: path, kept: null });
    expect(await manager.uninstall()).toEqual({ removed: null, kept: null });
    expect(it.asked.filter((words) => !words.includes(" print "))).toEqual([
      "launchctl enable gui/501/aleph-server",
      `launchctl bootstrap gui/501 ${path}`,
      "launchctl bootout gui/501/aleph-server",
      "launchctl enable gui/501/aleph-server",
      `launchctl bootstrap gui/501 ${path}`,
      "launchctl kickstart -k gui/501/aleph-server",
      "launchctl bootout gui/501/aleph-server",
      `launchctl bootstrap gui/501 ${path}`,
      "launchctl kickstart gui/501/aleph-server",
      "launchctl bootout gui/501/aleph-server",
    ]);
  });

  test("is waited for while it ends the old one, which it answers before", async () => {
    let isLoaded = true;
    let leftover = 0;
    let waits = 0;
    await using it = await bench(
      (words) => {
        if (words.startsWith("launchctl bootout")) {
          leftover = 3;
          return { exitCode: 36, output: "Boot-out failed: 36: Operation now in progress\n" };
        }
        if (words.startsWith("launchctl print")) {
          if (leftover === 1) isLoaded = false;
          return isLoaded ? {} : { exitCode: 113 };
        }
        if (!words.startsWith("launchctl bootstrap")) return undefined;
        if (isLoaded || leftover-- > 0) return { exitCode: 5, output: "Bootstrap failed: 5: Input/output error\n" };
        isLoaded = true;
        return undefined;
      },
      {
        ...mac,
        async wait() {
          waits++;
          if (leftover > 1) leftover--;
        },
      },
    );
    await it.open().install(description);
    expect([isLoaded, waits > 2]).toEqual([true, true]);
    expect(it.asked.filter((words) => words.includes("bootstrap")).length).toBe(2);
  });

  test("is quoted when it does not end the old one, or does not start the new one", async () => {
    const stuck = (exitCode: number) =>
      bench(
        (words) =>
          words.includes("bootout") || words.includes("bootstrap") ? { exitCode, output: "No\n" } : undefined,
        { ...mac, wait: async () => undefined },
      );
    const hint = "Log in at the Mac itself: an account that is only connected over SSH has no such domain";
    await using refused = await stuck(1);
    expect(await faultOf(refused.open().stop())).toEqual(["conflict", "launchctl bootout failed: No", hint]);
    await using forever = await stuck(36);
    expect(await faultOf(forever.open().stop())).toEqual(["timeout", "The server does not end", "Try again"]);
    await using held = await bench(
      (words) => (words.includes("print") || words.includes("bootstrap") ? { exitCode: 5, output: "No\n" } : undefined),
      { ...mac, wait: async () => undefined },
    );
    expect(await faultOf(held.open().install(description))).toEqual([
      "conflict",
      "launchctl bootstrap failed: No",
      hint,
    ]);
  });

  test("is quoted when it fails", async () => {
    await using it = await bench(
      (words) =>
        words.includes("bootstrap") || words.includes("print")
          ? { exitCode: 125, output: "Bootstrap failed: 125: Domain does not support specified action\n" }
          : undefined,
      mac,
    );
    expect(await faultOf(it.open().install(description))).toEqual([
      "conflict",
      "launchctl bootstrap failed: Bootstrap failed: 125: Domain does not support specified action",
      "Log in at the Mac itself: an account that is only connected over SSH has no such domain",
    ]);
    await using missing = await bench(() => new AlephError("not_found", "No such program"), mac);
    expect(await faultOf(missing.open().stop())).toEqual([
      "not_found",
      "launchctl is not here",
      "Let something else start: aleph-server serve",
    ]);
  });
});

test("a service of the machine is not offered on macOS, and none where no manager is known", async () => {
  await using it = await bench(() => undefined);
  expect(() => openServiceManager({ ...it.options, platform: "darwin", system: true, uid: 0 })).toThrow(
    "On macOS there is only a service of your account",
  );
  expect(() => openServiceManager({ ...it.options, platform: "win32" })).toThrow(
    "There is no service manager here that this command knows",
  );
});
