/** How Aleph becomes one executable; the build, the licence notices and the benchmark's baseline use the same settings. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Build, ReleaseSource } from "../src/lib/build.ts";

/** What a target is called in `--target` of `bun build`, by its name in our file names. */
export const TARGETS = {
  "linux-x64": "bun-linux-x64",
  "linux-x64-baseline": "bun-linux-x64-baseline",
  "linux-x64-musl": "bun-linux-x64-musl",
  "linux-arm64": "bun-linux-arm64",
  "linux-arm64-musl": "bun-linux-arm64-musl",
  "darwin-x64": "bun-darwin-x64",
  "darwin-arm64": "bun-darwin-arm64",
  "windows-x64": "bun-windows-x64",
} as const satisfies Record<string, Bun.Build.CompileTarget>;

export type TargetName = keyof typeof TARGETS;

export const ENTRY = "src/main.ts";

/** Error messages are English: the other fifty languages of zod would take half a megabyte of it and as much memory. */
const onlyEnglish: Bun.BunPlugin = {
  name: "only English messages in zod",
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
      loader: "js",
    }));
  },
};

/** The library that draws the terminal interface has a package for each platform: an executable holds that of its own. */
const drawingLibrary = (target?: TargetName): Bun.BunPlugin => ({
  name: "the drawing library of one platform",
  setup(build) {
    build.onResolve({ filter: /^@opentui\/core-/ }, ({ path }) => {
      const isOwn = target !== undefined && path === drawingPackageOf(target) && hasPackage(path);
      return isOwn ? undefined : { path, external: true };
    });
  },
});

export const BUNDLE = {
  target: "bun",
  format: "esm",
  minify: true,
  splitting: true,
  plugins: [onlyEnglish, drawingLibrary()],
  define: { "process.env.NODE_ENV": '"production"' },
} satisfies Partial<Bun.BuildConfig>;

/** The package with the drawing library of a target; it is installed only where it is asked for. */
function drawingPackageOf(target: TargetName): string {
  const [system, processor, libc] = target.split("-");
  return `@opentui/core-${system === "windows" ? "win32" : system}-${processor}${libc === "musl" ? "-musl" : ""}`;
}

function hasPackage(name: string): boolean {
  return existsSync(join(import.meta.dir, "../node_modules", name, "package.json"));
}

/** The packages of other platforms come with the first build for them. */
export function installLibraries(targets: readonly TargetName[]): void {
  const missing = () => targets.filter((target) => !hasPackage(drawingPackageOf(target)));
  if (missing().length === 0) return;
  const everywhere = ["--os=*", "--cpu=*", "--libc=*"];
  Bun.spawnSync([process.execPath, "install", "--frozen-lockfile", "--ignore-scripts", "--silent", ...everywhere], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  for (const target of missing()) {
    console.error(
      `${drawingPackageOf(target)} is not in bun.lock: aleph tui will not be in the executable for ${target}`,
    );
  }
}

export interface Executable {
  /** Where its newer versions come from; without it `aleph update` says that there is no such place. */
  readonly releases?: ReleaseSource;
  readonly entry: string;
  readonly outfile: string;
  /** This machine when left out. */
  readonly target?: TargetName;
}

/** Throws what stands in the way as one error with all messages. */
export async function buildExecutable({ entry, outfile, target, releases }: Executable): Promise<void> {
  const own = target ?? ownTarget();
  const build: Build = { target: own, ...(releases ? { releases } : {}) };
  const result = await Bun.build({
    ...BUNDLE,
    entrypoints: [entry],
    plugins: [onlyEnglish, drawingLibrary(own)],
    define: {
      ...BUNDLE.define,
      ALEPH_BUILD: JSON.stringify(build),
      // By this the drawing library tells the two C libraries of Linux apart.
      "process.env.OPENTUI_LIBC": own.endsWith("-musl") ? '"musl"' : '"glibc"',
    },
    bytecode: true,
    compile: {
      outfile,
      ...(target ? { target: TARGETS[target] } : {}),
      // Started in a hostile folder, the executable must read nothing of it.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
    throw: false,
  });
  if (!result.success) throw new Error(result.logs.map((log) => String(log)).join("\n"));
}

function ownTarget(): TargetName {
  const system = process.platform === "win32" ? "windows" : process.platform;
  // A machine can have the loaders of both C libraries; this process runs on one.
  const isMusl = system === "linux" && readFileSync("/proc/self/maps", "utf8").includes("/ld-musl-");
  const name = `${system}-${process.arch}${isMusl ? "-musl" : ""}`;
  if (name in TARGETS) return name as TargetName;
  throw new Error(`No executable is built for ${name}; known are ${Object.keys(TARGETS).join(", ")}`);
}
