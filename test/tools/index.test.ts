import { expect, test } from "bun:test";
import { join } from "node:path";
import { tools } from "../../src/tools/index.ts";

const page = await Bun.file(join(import.meta.dir, "../../docs/tools.md")).text();
const rows = [...page.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, name, tier, does]) => ({
  name,
  tier,
  does,
}));

test("tools stand in docs/tools.md, each with its tier and what it does, and no others do", () => {
  expect(rows.map(({ name }) => name!).toSorted()).toEqual(Object.keys(tools).toSorted());
  expect(rows.filter(({ tier, does }) => tier!.trim() === "" || does!.trim() === "")).toEqual([]);
});

test("tools that need a key of the config say so in docs/tools.md", async () => {
  for (const [name, load] of Object.entries(tools)) {
    const tool = await load();
    const required = "requires" in tool ? (tool.requires ?? []) : [];
    const { does } = rows.find((row) => row.name === name)!;
    for (const key of required) expect([name, does]).toEqual([name, expect.stringContaining(`\`${key}\``)]);
  }
});
