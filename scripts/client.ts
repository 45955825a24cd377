/** Writes the package of the typed client for other people's programs: `bun scripts/client.ts [folder]`, dist/client if left out. */
import { copyFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { renderTypes } from "./client-types.ts";

const root = join(import.meta.dir, "..");

/** The folder holds nothing else afterwards. */
export async function buildClient(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const built = await Bun.build({
    entrypoints: [join(root, "src/client/aleph-client.ts")],
    target: "browser",
    format: "esm",
    naming: "index.js",
    outdir: folder,
    throw: false,
  });
  if (!built.success) throw new Error(built.logs.map((log) => String(log)).join("\n"));
  await Bun.write(join(folder, "api.d.ts"), await renderTypes());
  for (const name of ["package.json", "index.d.ts"]) {
    copyFileSync(join(root, "scripts/packaging/client", name), join(folder, name));
  }
  copyFileSync(join(root, "docs/client.md"), join(folder, "README.md"));
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
}

if (import.meta.main) {
  const folder = process.argv[2] ?? join(root, "dist/client");
  await buildClient(folder);
  console.log(`${folder}  ${(Bun.file(join(folder, "index.js")).size / 1000).toFixed(1)} kB`);
}
