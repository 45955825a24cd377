import { expect, test } from "bun:test";
import { join } from "node:path";
import wabt from "wabt";
import { checkPlugin } from "../../../src/plugin/install/check.ts";
import { SKELETON_KINDS, skeletonFiles } from "../../../src/plugin/skeleton/skeleton.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import { testFolder } from "../../support/folder.ts";

const CHECK = { version: "0.1.0", withCode: true };

test.each(SKELETON_KINDS.map((kind) => [kind]))(
  "skeletonFiles: a new plugin of kind %s has nothing wrong with it",
  async (kind) => {
    await using folder = await testFolder();
    for (const { path, content } of skeletonFiles("my-9-plugin", kind))
      await Bun.write(join(folder.path, path), content);
    const { manifest, findings } = await checkPlugin(folder.path, CHECK);
    expect([manifest.id, manifest.kind, findings]).toEqual(["my-9-plugin", kind, []]);
  },
);

test("skeletonFiles: the module is what its source assembles to", async () => {
  const files = new Map(skeletonFiles("shout", "wasm").map(({ path, content }) => [path, content]));
  const { parseWat } = await wabt();
  const { buffer } = parseWat("plugin.wat", String(files.get("plugin.wat"))).toBinary({});
  expect(files.get("plugin.wasm")).toEqual(Buffer.from(buffer));
});

test.each(["", "A", "a b", "../a", "a/b", "-a", "ü", "a".repeat(65)])("skeletonFiles refuses the id %j", (id) => {
  expect(() => skeletonFiles(id, "static")).toThrow(AlephError);
});
