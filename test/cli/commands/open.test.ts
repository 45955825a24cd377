import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { browserOf } from "../../../src/cli/show-page.ts";
import { testApp } from "../../support/app.ts";
import { runCli } from "../../support/cli.ts";
import { connectDevice, testDevice } from "../../support/device.ts";
import { testFolder } from "../../support/folder.ts";
import { until } from "../../support/until.ts";

describe("open", () => {
  test("without a server is exit code 69 and says how to start one", async () => {
    await using home = await testFolder();
    const { code, stderr } = await runCli(["open"], { home: home.path });
    expect(code).toBe(69);
    expect(stderr).toContain("aleph serve");
  });

  test("starts the browser with a page that only the owner reads, and its link lets one device in", async () => {
    await using app = await testApp();
    const home = app.home.path;
    const browser = join(home, "browser");
    const seen = join(home, "seen");
    writeFileSync(browser, `#!/bin/sh\necho "$@" > ${seen}\n`);
    chmodSync(browser, 0o700);
    const { code, stdout, stderr } = await runCli(["open"], { home, env: { BROWSER: browser } });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `Opening ${app.url} in the browser. If it shows nothing, open this (it works once, for two minutes):\n`,
    });
    await until(() => existsSync(seen) && readFileSync(seen, "utf8") !== "");
    const page = join(app.home.run, "open.html");
    expect(readFileSync(seen, "utf8")).toBe(`file://${page}\n`);
    expect(statSync(page).mode & 0o777).toBe(0o600);
    const link = stdout.trim();
    expect(link).toStartWith(`${app.url}/#pair=`);
    expect(readFileSync(page, "utf8")).toContain(`url=${link}`);
    const pairingCode = link.split("#pair=")[1]!;
    const first = await connectDevice(app.url, await testDevice(), { pairingCode });
    using _ = first.socket;
    expect(first.answer.result).toMatchObject({ role: "operator" });
    const second = await connectDevice(app.url, await testDevice(), { pairingCode });
    using __ = second.socket;
    expect(second.answer.error).toBeDefined();
  });

  test("prints the link where there is no browser, where it is asked to, and as JSON", async () => {
    await using app = await testApp();
    const home = app.home.path;
    const none = await runCli(["open"], { home });
    expect(none.stderr).toBe("No browser was found here. Open this in one (it works once, for two minutes):\n");
    const printed = await runCli(["open", "--print"], { home });
    expect([printed.stderr, printed.stdout.startsWith(`${app.url}/#pair=`)]).toEqual(["", true]);
    const json = JSON.parse((await runCli(["open", "--json"], { home })).stdout);
    expect(json).toEqual({ link: expect.stringContaining("#pair="), expires_at: expect.any(Number) });
    const failing = await runCli(["open"], { home, env: { BROWSER: "/nowhere/browser" } });
    expect(failing.stderr).toContain("No browser was found");
  });

  test("needs no code where nobody logs in", async () => {
    await using app = await testApp({ config: { auth: { mode: "none" } } });
    const { stdout } = await runCli(["open", "--print"], { home: app.home.path });
    expect(stdout).toBe(`${app.url}/\n`);
  });
});

test("browserOf takes the one that the environment names, else that of the system, and none without a screen", () => {
  const of = (platform: NodeJS.Platform, all: Record<string, string> = {}) => browserOf({ all }, platform);
  expect([
    of("linux"),
    of("linux", { DISPLAY: ":0" }),
    of("linux", { WAYLAND_DISPLAY: "wayland-0" }),
    of("darwin"),
    of("win32"),
    of("darwin", { BROWSER: "/usr/bin/lynx:firefox" }),
    of("linux", { BROWSER: "open %s" }),
  ]).toEqual([
    undefined,
    ["xdg-open"],
    ["xdg-open"],
    ["open"],
    ["rundll32", "url.dll,FileProtocolHandler"],
    ["/usr/bin/lynx"],
    undefined,
  ]);
});
