import { expect, test } from "bun:test";
import { join } from "node:path";
import { renderReference } from "../../scripts/reference.ts";

test.each(Object.entries(await renderReference()))(
  "reference: %s is what bun scripts/reference.ts writes",
  async (path, text) => {
    expect(await Bun.file(join(import.meta.dir, "../..", path)).text()).toBe(text);
  },
);
