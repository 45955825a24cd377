import { describe, expect, test } from "bun:test";
import { configJsonSchema } from "../../../src/config/json-schema.ts";
import { type Field, fromText, isBelow, matches, sectionsOf, toText } from "../../../src/panel/state/config-fields.ts";

const schema = configJsonSchema();
const fieldsOf = (config: Record<string, unknown> = {}, names: Record<string, string[]> = {}) =>
  new Map(sectionsOf(schema, config, names).flatMap(({ fields }) => fields.map((field) => [field.key, field])));

describe("sectionsOf", () => {
  test("has a section for each table of the config, and a field for each key", () => {
    expect(sectionsOf(schema, {}, {}).map(({ name }) => name)).toEqual(Object.keys(schema.properties ?? {}));
    const fields = fieldsOf();
    expect(fields.get("gateway.port")).toEqual({
      path: ["gateway", "port"],
      key: "gateway.port",
      kind: "number",
      description: "0 is any free one",
      default: 18790,
      options: [],
      min: 0,
      max: 65535,
      whole: true,
      secret: false,
    });
    expect(fields.get("log.level")).toMatchObject({ kind: "choice", options: ["debug", "info", "warn", "error"] });
    expect(fields.get("memory.enabled")).toMatchObject({ kind: "switch", default: true });
    expect(fields.get("models.fallbacks")).toMatchObject({ kind: "list" });
    expect(fields.get("models.aliases")).toMatchObject({ kind: "json" });
    expect(fields.get("tools.web_search.api_key")).toMatchObject({ kind: "text", secret: true });
  });

  test("has the fields of each table that a person named, and of those that were begun", () => {
    const fields = fieldsOf({ providers: { "my.proxy": {} } }, { agents: ["writer"] });
    expect(fields.get('providers."my.proxy".api_key')).toMatchObject({ path: ["providers", "my.proxy", "api_key"] });
    expect(fields.has("agents.writer.model")).toBe(true);
    const agents = sectionsOf(schema, {}, { agents: ["writer"] }).find(({ name }) => name === "agents");
    expect(agents?.collections).toEqual([{ path: ["agents"], key: "agents", names: ["writer"] }]);
  });
});

test("matches finds a key by its words in any order, and by what is said of it", () => {
  const field = fieldsOf().get("limits.run.steps")!;
  expect(["steps run", "REPLIES of the model", "limits.run"].map((words) => matches(field, words))).toEqual([
    true,
    true,
    true,
  ]);
  expect(matches(field, "steps of nothing else")).toBe(false);
});

test.each([
  ["exec.sandbox.enabled", "exec.sandbox.enabled", true],
  ["hooks.0.command", "hooks", true],
  ["mcp.servers.files.allow_unsandboxed", "mcp.servers.*.allow_unsandboxed", true],
  ["mcp.servers.files.command", "mcp.servers.*.allow_unsandboxed", false],
  ["exec", "exec.path", false],
])("isBelow: whether %s is below %s is %p", (path, pattern, expected) => {
  expect(isBelow(path.split("."), pattern)).toBe(expected);
});

test.each<[Field["kind"], unknown, string]>([
  ["switch", true, "true"],
  ["number", 7, "7"],
  ["text", "a b", "a b"],
  ["list", ["a", "b"], "a\nb"],
  ["json", { a: 1 }, '{\n  "a": 1\n}'],
])("a value of kind %s stands as text and comes back", (kind, value, text) => {
  expect(toText(kind, value)).toBe(text);
  expect(fromText(kind, text)).toEqual(value);
});

test("an empty field is no value, an empty list is one, and what is neither number nor JSON is refused", () => {
  expect([fromText("text", " "), fromText("number", ""), fromText("list", "")]).toEqual([null, null, []]);
  expect(() => fromText("number", "many")).toThrow();
  expect(() => fromText("json", "{")).toThrow();
});
