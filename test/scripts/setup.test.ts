/** scripts/setup.sh in a made-up checkout, with a PATH on which the machine and the package client are stand-ins. */
import { expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testFolder } from "../support/folder.ts";

const PINNED = "9.8.7";
const NEEDED = ["sh", "sed", "grep", "rm", "mkdir", "mv", "chmod", "cat"];

interface Machine {
  readonly system?: string;
  readonly processor?: string;
  readonly ldd?: string;
  /** The version of a Bun on PATH. */
  readonly bun?: string;
  readonly npm?: boolean;
}

/** A "Bun" that answers `--version`, notes every other call, and as a package client lays down the asked package. */
const fakeBun = (version: string): string => `#!/bin/sh
if [ "$1" = --version ]; then echo ${version}; exit; fi
echo "bun ${version} $*" >>"$CALLS"
[ "$1" = add ] && "$LAY" "$3" "$6"
exit 0
`;

const FAKE_NPM = `#!/bin/sh
echo "npm $1 $9" >>"$CALLS"
"$LAY" "$3" "$9"
`;

/** Lays \`@oven/bun-…@version\` down in folder $1. */
const LAY = `#!/bin/sh
name=\${2%@*}
mkdir -p "$1/node_modules/$name/bin"
cat "$FETCHED" >"$1/node_modules/$name/bin/bun"
`;

async function setUp(machine: Machine) {
  await using folder = await testFolder();
  const bin = join(folder.path, "bin");
  const checkout = join(folder.path, "checkout");
  mkdirSync(bin);
  mkdirSync(join(checkout, "scripts"), { recursive: true });
  const place = (path: string, text: string): void => {
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  };
  for (const name of NEEDED) symlinkSync(Bun.which(name)!, join(bin, name));
  const { system = "Linux", processor = "aarch64", ldd = "ldd (GNU libc) 2.41", bun, npm = true } = machine;
  place(join(bin, "uname"), `#!/bin/sh\n[ "$1" = -s ] && echo ${system} || echo ${processor}\n`);
  place(join(bin, "ldd"), `#!/bin/sh\necho "${ldd}"\n`);
  if (npm) place(join(bin, "npm"), FAKE_NPM);
  if (bun) place(join(bin, "bun"), fakeBun(bun));
  place(join(folder.path, "fetched"), fakeBun(PINNED));
  place(join(folder.path, "lay"), LAY);
  copyFileSync(join(import.meta.dir, "../../scripts/setup.sh"), join(checkout, "scripts/setup.sh"));
  writeFileSync(join(checkout, "package.json"), `{\n  "packageManager": "bun@${PINNED}"\n}\n`);
  const calls = join(folder.path, "calls");
  writeFileSync(calls, "");
  const child = Bun.spawn([join(bin, "sh"), "-c", ". scripts/setup.sh && command -v bun"], {
    cwd: checkout,
    env: { PATH: bin, CALLS: calls, LAY: join(folder.path, "lay"), FETCHED: join(folder.path, "fetched") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, error, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return {
    code,
    error: error.trim(),
    bun: out.trim().replace(`${checkout}/`, "").replace(`${folder.path}/`, ""),
    calls: (await Bun.file(calls).text()).trim().split("\n"),
  };
}

const INSTALL = `bun ${PINNED} install --frozen-lockfile --ignore-scripts --silent`;
const FETCHED = `.bun/${PINNED}/bun`;

test("setup.sh uses the Bun on PATH when it is the pinned one", async () => {
  expect(await setUp({ bun: PINNED })).toEqual({ code: 0, error: "", bun: "bin/bun", calls: [INSTALL] });
});

test.each([
  [{ processor: "aarch64" }, "bun-linux-aarch64"],
  [{ processor: "arm64", ldd: "musl libc (aarch64)" }, "bun-linux-aarch64-musl"],
  [{ system: "Darwin", processor: "arm64" }, "bun-darwin-aarch64"],
  [{ system: "MINGW64_NT-10.0", processor: "x86_64" }, "bun-windows-x64"],
])("setup.sh fetches the pinned Bun with npm on %j as %s", async (machine, name) => {
  expect(await setUp(machine)).toMatchObject({
    code: 0,
    bun: FETCHED,
    calls: [`npm install @oven/${name}@${PINNED}`, INSTALL],
  });
});

test("setup.sh fetches the pinned Bun with npm when another one is on PATH", async () => {
  expect(await setUp({ bun: "1.0.0" })).toMatchObject({
    code: 0,
    bun: FETCHED,
    calls: [`npm install @oven/bun-linux-aarch64@${PINNED}`, INSTALL],
  });
});

test("setup.sh fetches the pinned Bun with another Bun when there is no npm", async () => {
  const { code, bun, calls } = await setUp({ bun: "1.0.0", npm: false });
  expect({ code, bun }).toEqual({ code: 0, bun: FETCHED });
  expect(calls[0]).toMatch(
    /^bun 1\.0\.0 add --cwd \.bun\/fetch\.\d+ --ignore-scripts --exact @oven\/bun-linux-aarch64@9\.8\.7$/,
  );
  expect(calls[1]).toBe(INSTALL);
});

test("setup.sh says what is missing when there is neither npm nor a Bun", async () => {
  const { code, error } = await setUp({ npm: false });
  expect(code).toBe(1);
  expect(error).toEndWith(
    `setup: Bun ${PINNED} is not on PATH, and there is neither npm nor another Bun to fetch it with`,
  );
});

test("setup.sh refuses a processor for which no Bun is made", async () => {
  expect(await setUp({ processor: "riscv64" })).toMatchObject({
    code: 1,
    error: "setup: no Bun is made for the processor riscv64",
  });
});
