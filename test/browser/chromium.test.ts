import { expect, test } from "bun:test";
import { chmod, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { chromiumSwitches, findChromium } from "../../src/browser/chromium.ts";
import { testFolder } from "../support/folder.ts";

test("findChromium takes what the config names, and the program behind a script", async () => {
  await using folder = await testFolder();
  const real = join(folder.path, "chrome");
  await mkdir(join(folder.path, "bin"));
  await Bun.write(real, "\x7fELF");
  await Bun.write(join(folder.path, "google-chrome"), "#!/bin/bash\nexec chrome");
  await chmod(real, 0o755);
  await symlink(join(folder.path, "google-chrome"), join(folder.path, "bin/chrome"));
  expect(findChromium(real, () => null)).toBe(real);
  expect(findChromium(join(folder.path, "bin/chrome"), () => null)).toBe(real);
});

test("findChromium says where there is none", () => {
  expect(() => findChromium("/nowhere", () => null)).toThrow('There is no browser at "/nowhere"');
});

test("chromiumSwitches leave no way around the proxy, and no sandbox off that nothing replaces", () => {
  const switches = (isConfined: boolean) => chromiumSwitches({ profile: "/p", proxyPort: 99, isConfined });
  expect(switches(true)).toContain("--proxy-server=http://127.0.0.1:99");
  expect(switches(true)).toContain("--proxy-bypass-list=<-loopback>");
  expect(switches(true)).toContain("--no-sandbox");
  expect(switches(false)).not.toContain("--no-sandbox");
});
