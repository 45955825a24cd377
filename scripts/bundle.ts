/** How Aleph becomes one executable; the build, the licence notices and the benchmark's baseline use the same settings. */

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

export const BUNDLE = {
  target: "bun",
  format: "esm",
  minify: true,
  splitting: true,
  plugins: [onlyEnglish],
  define: { "process.env.NODE_ENV": '"production"' },
} satisfies Partial<Bun.BuildConfig>;

export interface Executable {
  readonly entry: string;
  readonly outfile: string;
  /** This machine when left out. */
  readonly target?: TargetName;
}

/** Throws what stands in the way as one error with all messages. */
export async function buildExecutable({ entry, outfile, target }: Executable): Promise<void> {
  const result = await Bun.build({
    ...BUNDLE,
    entrypoints: [entry],
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
