import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageManagerOf } from "../../src/update/owner.ts";
import { testFolder } from "../support/folder.ts";

test("packageManagerOf knows what apt, Homebrew and npm installed, and what a person put there", async () => {
  await using folder = await testFolder();
  const info = join(folder.path, "var/lib/dpkg/info");
  mkdirSync(info, { recursive: true });
  writeFileSync(join(info, "aleph-server.list"), "/.\n/usr/bin\n/usr/bin/aleph-server\n");
  const nameOf = (path: string) => packageManagerOf(path, folder.path)?.name;
  expect([
    nameOf("/usr/bin/aleph-server"),
    nameOf("/opt/homebrew/Cellar/aleph-server/0.1.0/bin/aleph-server"),
    nameOf("/usr/lib/node_modules/@aleph/server-linux-x64/bin/aleph-server"),
    nameOf("C:\\Users\\p\\AppData\\Roaming\\npm\\node_modules\\@aleph-server\\windows-x64\\bin\\aleph-server.exe"),
    nameOf(
      "/p/pnpm/global/5/.pnpm/@aleph-server+linux-x64@0.1.0/node_modules/@aleph-server/linux-x64/bin/aleph-server",
    ),
    nameOf("/home/me/.bun/install/global/node_modules/@aleph-server/linux-x64/bin/aleph-server"),
    nameOf("/usr/local/bin/aleph-server"),
    nameOf("/home/me/bin/aleph-server"),
  ]).toEqual(["apt", "Homebrew", "npm", "npm", "pnpm", "bun", undefined, undefined]);
});
