import { expect, test } from "bun:test";
import type { Call } from "../../../src/panel/state/connection.ts";
import { createSkills } from "../../../src/panel/state/skills.ts";
import type { WireSkill } from "../../../src/protocol/skill.ts";

const skill = { name: "tea", sha256: "f".repeat(64), status: "pending" } as WireSkill;

/** Answers as the server does, and remembers what was asked. */
function server() {
  const asked: unknown[] = [];
  const call = (async (method: string, params: object) => {
    asked.push([method, params]);
    if (method === "skills.get") return { ...skill, text: "# Tea" };
    if (method !== "skills.list") return skill;
    return {
      skills: [skill, { ...skill, name: "coffee", status: "active" }],
      folders: [
        { path: "/s", source: "user", trusted: true },
        { path: "/w/skills", source: "workspace", trusted: false },
      ],
    };
  }) as unknown as Call;
  return { skills: createSkills(call), takeAsked: () => asked.splice(0) };
}

test("createSkills lists those there are, how many wait, and the folders that nobody trusts", async () => {
  const { skills } = server();
  expect([skills.list.value, skills.waiting.value]).toEqual([undefined, 0]);
  await skills.load();
  expect([skills.list.value?.map(({ name }) => name), skills.waiting.value, skills.untrusted.value] as unknown).toEqual(
    [["tea", "coffee"], 1, ["/w/skills"]],
  );
});

test("createSkills lets the files be used that are shown, and reads the list after each act", async () => {
  const { skills, takeAsked } = server();
  for (const act of ["activate", "deactivate", "uninstall"] as const) await skills.act(skill, act);
  await skills.act({ ...skill, sha256: null }, "activate");
  await skills.trust("/w/skills");
  const list = ["skills.list", {}];
  expect(takeAsked()).toEqual([
    ["skills.activate", { name: "tea", sha256: skill.sha256 }],
    list,
    ["skills.deactivate", { name: "tea" }],
    list,
    ["skills.uninstall", { name: "tea" }],
    list,
    ["skills.activate", { name: "tea" }],
    list,
    ["plugins.trustFolder", { folder: "/w/skills" }],
    list,
  ]);
});

test("createSkills installs without letting anything be used, and reads a text", async () => {
  const { skills, takeAsked } = server();
  expect((await skills.install("/from", "")).name).toBe("tea");
  await skills.install("https://example.com/all.zip", "skills/tea");
  expect(await skills.text("tea")).toBe("# Tea");
  expect(takeAsked().filter((one) => (one as string[])[0] !== "skills.list")).toEqual([
    ["skills.install", { source: "/from" }],
    ["skills.install", { source: "https://example.com/all.zip", path: "skills/tea" }],
    ["skills.get", { name: "tea" }],
  ]);
});
