import { expect, test } from "bun:test";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MANIFEST_FORMATS, manifestStamp, readManifest } from "../../src/plugin/manifest-files.ts";
import { refusal } from "../support/config.ts";
import { testFolder } from "../support/folder.ts";

function contentOf({ file, format, section }: (typeof MANIFEST_FORMATS)[number]): string {
  const about = { id: file.replace(/[^a-z]/g, "-"), name: "x", version: "1.0.0", description: "x", kind: "static" };
  const lines = Object.entries(about).map(([key, value]) => `${key} = "${value}"`);
  if (format === "toml") return `[plugin]\n${lines.join("\n")}`;
  return JSON.stringify(section === undefined ? { plugin: about } : { [section]: about });
}

test("readManifest reads the first of the manifests that a folder has", async () => {
  await using folder = await testFolder();
  for (const format of MANIFEST_FORMATS) writeFileSync(join(folder.path, format.file), contentOf(format));
  const stamps = new Set<string>();
  for (const { file } of MANIFEST_FORMATS) {
    const read = await readManifest(folder.path);
    expect([read.file, read.manifest.id]).toEqual([file, file.replace(/[^a-z]/g, "-")]);
    stamps.add(manifestStamp(folder.path));
    rmSync(join(folder.path, file));
  }
  expect([stamps.size, manifestStamp(folder.path)]).toEqual([MANIFEST_FORMATS.length, ""]);
});

test("readManifest passes over a package.json that is of no plugin", async () => {
  await using folder = await testFolder();
  writeFileSync(join(folder.path, "package.json"), '{"name": "x"}');
  const missing = { reason: "plugin_error", message: 'File "aleph_plugin.toml" does not exist' };
  expect(await refusal(() => readManifest(folder.path))).toMatchObject(missing);
  const legacy = MANIFEST_FORMATS.at(-1)!;
  writeFileSync(join(folder.path, legacy.file), contentOf(legacy));
  expect((await readManifest(folder.path)).file).toBe(legacy.file);
});

test("readManifest refuses a manifest that is a link, and does not go on to the next", async () => {
  await using folder = await testFolder();
  symlinkSync("plugin.toml", join(folder.path, "aleph_plugin.toml"));
  writeFileSync(join(folder.path, "plugin.toml"), contentOf(MANIFEST_FORMATS[0]!));
  expect(await refusal(() => readManifest(folder.path))).toMatchObject({
    message: 'File "aleph_plugin.toml" leads through a link, which a plugin may not have',
  });
});
