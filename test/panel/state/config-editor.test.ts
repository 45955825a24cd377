import { expect, test } from "bun:test";
import { createConfigEditor, patchOf } from "../../../src/panel/state/config-editor.ts";
import type { Call } from "../../../src/panel/state/connection.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import type { EventFrame } from "../../../src/protocol/events.ts";
import { until } from "../../support/until.ts";

const SCHEMA = { properties: { log: { properties: { level: { type: "string" } } } } };

function server() {
  let era = "r";
  const asked: [string, unknown][] = [];
  const world: { text: string; trouble: AlephError | undefined; issues: object[] } = {
    text: "old",
    trouble: undefined,
    issues: [],
  };
  const call = (async (method: string, params: Record<string, unknown>) => {
    asked.push([method, params]);
    switch (method) {
      case "config.get":
        return { path: "/config.toml", config: {}, file: {}, pinned: {}, by_hand: [] };
      case "config.schema":
        return SCHEMA;
      case "config.text":
        return { path: "/config.toml", text: world.text, revision: `${era}-${world.text}` };
      case "config.check":
        return { issues: world.issues, changed: ["log"] };
      case "config.apply":
        if (world.trouble) throw world.trouble;
        world.text = String(params.text);
        return { changed: ["log"] };
      default:
        if (world.trouble) throw world.trouble;
        return { changed: ["log"] };
    }
  }) as unknown as Call;
  const takeAsked = (method?: string) => asked.splice(0).filter(([name]) => method === undefined || name === method);
  const restart = () => {
    era = "s";
  };
  return { editor: createConfigEditor({ call, now: () => 1 }), world, takeAsked, restart };
}

const changed = { topic: "config.changed", seq: 1, ts: 1, data: { sections: ["log"] } } as unknown as EventFrame;

test("createConfigEditor sends only what was changed, once", async () => {
  const { editor, takeAsked } = server();
  await editor.load();
  expect(editor.sections.value.map(({ name, fields }) => [name, fields.map(({ key }) => key)])).toEqual([
    ["log", ["log.level"]],
  ]);
  editor.edit(["log", "level"], "warn");
  editor.edit(["gateway", "port"], 1);
  editor.edit(["gateway", "port"], undefined);
  takeAsked();
  expect(await editor.save()).toEqual(["log"]);
  expect(takeAsked("config.patch")).toEqual([["config.patch", { patch: { log: { level: "warn" } } }]]);
  expect(editor.edits.value).toEqual({});
});

test("createConfigEditor keeps what the server did not take, with the reasons by key", async () => {
  const { editor, world } = server();
  editor.edit(["log", "level"], "loud");
  const issues = [{ path: "log.level", message: "must be one of" }];
  world.trouble = new AlephError("config_invalid", "Config is not valid", { data: { issues } });
  await expect(editor.save()).rejects.toMatchObject({ reason: "config_invalid" });
  expect([Object.keys(editor.edits.value), editor.issues.value]).toEqual([["log.level"], issues]);
  editor.edit(["log", "level"], "warn");
  expect(editor.issues.value).toEqual([]);
  editor.forgetEdits();
  expect(editor.edits.value).toEqual({});
});

test("createConfigEditor begins a table of its own", async () => {
  const { editor } = server();
  editor.begin("agents", "writer");
  editor.begin("agents", "reader");
  editor.edit(["agents", "writer", "model"], "m");
  editor.edit(["agents", "writer", "prompt"], null);
  expect(patchOf(Object.values(editor.edits.value), {})).toEqual({ agents: { writer: { model: "m", prompt: null } } });
});

test("createConfigEditor saves nothing of what is no value, until it is one or is undone", () => {
  const { editor } = server();
  const shown = () => [Object.keys(editor.edits.value), editor.mistakes.value];
  editor.edit(["log", "level"], "warn");
  editor.mistype(["log", "level"], "{");
  expect(shown()).toEqual([["log.level"], { "log.level": "{" }]);
  editor.edit(["log", "level"], "error");
  expect(shown()).toEqual([["log.level"], {}]);
  editor.mistype(["log", "level"], "{");
  editor.forgetEdits();
  expect(shown()).toEqual([[], {}]);
});

test("patchOf takes out of a table what it says no longer", () => {
  const file = { mcp: { servers: { notes: { env: { A: "1", B: { c: 1, d: 2 }, E: "5" } } } } };
  const path = ["mcp", "servers", "notes", "env"];
  const patch = patchOf([{ path, value: { A: "1", B: { c: 3 }, F: "6" } }], file);
  expect(patch).toEqual({
    mcp: { servers: { notes: { env: { A: "1", B: { c: 3, d: null }, E: null, F: "6" } } } },
  });
});

test("patchOf makes a key of any name a key and nothing else", () => {
  const patch = patchOf([{ path: ["providers", "__proto__", "type"], value: "x" }], {});
  expect(Object.keys(patch.providers as object)).toEqual(["__proto__"]);
  expect(({} as Record<string, unknown>).type).toBeUndefined();
});

test("the text is saved with the revision that it was made of, and read again", async () => {
  const { editor, takeAsked } = server();
  const { text } = editor;
  await text.load();
  text.write("new");
  expect(text.verdict.value).toBeUndefined();
  await text.check();
  expect(text.verdict.value).toEqual({ issues: [], changed: ["log"] });
  takeAsked();
  await text.save();
  expect(takeAsked("config.apply")).toEqual([["config.apply", { text: "new", revision: "r-old" }]]);
  expect([text.saved.value, text.draft.value]).toEqual(["new", "new"]);
});

test("the text that nobody touched follows the file; one that somebody writes is told to be stale and stays", async () => {
  const { editor, world } = server();
  const { text } = editor;
  await text.load();
  world.text = "elsewhere";
  editor.handle?.(changed);
  await until(() => text.saved.value === "elsewhere");
  text.write("mine");
  world.text = "again";
  editor.handle?.(changed);
  await until(() => text.stale.value);
  expect(text.draft.value).toBe("mine");
  world.trouble = new AlephError("conflict", "The file was changed meanwhile");
  await expect(text.save()).rejects.toMatchObject({ reason: "conflict" });
  expect(text.draft.value).toBe("mine");
  await text.load();
  expect([text.draft.value, text.stale.value]).toEqual(["again", false]);
});

test("the text is read after a connect where it could not be read before", async () => {
  let isThere = false;
  const call = (async () => {
    if (!isThere) throw new AlephError("cancelled", "There is no connection to the server");
    return { text: "[log]", revision: "r", issues: [], changed: [] };
  }) as unknown as Call;
  const { text, renew } = createConfigEditor({ call, now: () => 1 });
  await renew();
  expect(text.phase.value.kind).toBe("loading");
  await text.load();
  expect(text.phase.value.kind).toBe("failed");
  isThere = true;
  await renew();
  expect([text.phase.value.kind, text.draft.value]).toEqual(["ready", "[log]"]);
});

test("what is typed while the file is read, or saved, stays", async () => {
  const { editor, world, takeAsked } = server();
  const { text } = editor;
  await text.load();
  world.text = "elsewhere";
  editor.handle?.(changed);
  text.write("mine");
  await until(() => text.stale.value);
  expect(text.draft.value).toBe("mine");

  await text.load();
  text.write("new");
  const saving = text.save();
  text.write("new and more");
  await saving;
  expect([text.saved.value, text.draft.value, text.stale.value]).toEqual(["new", "new and more", false]);
  takeAsked();
  await text.save();
  expect(takeAsked("config.apply")).toEqual([["config.apply", { text: "new and more", revision: "r-new" }]]);
});

test("a draft of the same file goes on where the server has begun anew", async () => {
  const { editor, takeAsked, restart } = server();
  await editor.text.load();
  editor.text.write("new");
  restart();
  await editor.renew?.();
  expect([editor.text.stale.value, editor.text.draft.value]).toEqual([false, "new"]);
  takeAsked();
  await editor.text.save();
  expect(takeAsked("config.apply")).toEqual([["config.apply", { text: "new", revision: "s-old" }]]);
});

test("the verdict is that of the newest text", async () => {
  const { editor, world } = server();
  await editor.text.load();
  world.issues = [{ path: "", message: "wrong", line: 1 }];
  editor.text.write("a");
  const first = editor.text.check();
  world.issues = [];
  editor.text.write("b");
  await Promise.all([first, editor.text.check()]);
  expect(editor.text.verdict.value).toEqual({ issues: [], changed: ["log"] });
});
