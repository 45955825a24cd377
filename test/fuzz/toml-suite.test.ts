import { describe, expect, test } from "bun:test";
import { stringify } from "smol-toml";
import { parseToml } from "../../src/lib/toml.ts";
import { editToml } from "../../src/lib/toml-edit.ts";
import { indexToml, type TomlPath } from "../../src/lib/toml-source.ts";
import { readCorpus, textOf } from "./corpus.ts";

type Table = Record<string, unknown>;

const files = new Map((await readCorpus("toml-test")).map((file) => [file.path, file]));
const contentOf = (path: string) => textOf(files.get(`tests/${path}`)!);
const listed = contentOf("files-toml-1.1.0")!.split("\n");
const named = (kind: string) => listed.filter((path) => path.startsWith(`${kind}/`) && path.endsWith(".toml"));

/** Integers that JavaScript has no exact number for; the suite leaves it to each parser. */
const NOT_EXACT = ["valid/integer/long.toml"];
/** The 30th of February: the parser takes the day over into March. No setting of ours is a date. */
const NO_SUCH_DAY = ["datetime", "local-date", "local-datetime"].flatMap((kind) =>
  ["29", "30"].map((day) => `invalid/${kind}/feb-${day}.toml`),
);

const valid = await Promise.all(
  named("valid").map(async (path) => {
    const text = contentOf(path)!;
    return { path, text, parsed: await parseToml(text, { maxDepth: 64 }) };
  }),
);
const documents = valid.flatMap(({ parsed, ...rest }) => ("value" in parsed ? [{ ...rest, value: parsed.value }] : []));

describe("parseToml", () => {
  test("takes every valid document of TOML 1.1 with the value that the suite names", () => {
    expect(valid.length).toBe(220);
    expect(valid.filter(({ parsed }) => "fault" in parsed).map(({ path }) => path)).toEqual(NOT_EXACT);
    const wrong = documents.flatMap(({ path, value }) => {
      const wanted = JSON.parse(contentOf(path.replace(/toml$/, "json"))!);
      return matches(value, wanted) ? [] : [path];
    });
    expect(wrong).toEqual([]);
  });

  test("refuses every invalid document of TOML 1.1", async () => {
    const taken: string[] = [];
    for (const path of named("invalid")) {
      const text = contentOf(path);
      if (text !== undefined && "value" in (await parseToml(text, { maxDepth: 64 }))) taken.push(path);
    }
    expect(named("invalid").length).toBe(492);
    expect(taken.toSorted()).toEqual(NO_SUCH_DAY.toSorted());
  });
});

describe("indexToml", () => {
  test("finds keys that are there, each in its own place of the text", () => {
    const wrong = documents.flatMap(({ path, text, value }) => {
      const lost = indexToml(text).filter((entry) => !has(value, entry.path) || entry.end <= entry.start);
      return lost.length === 0 ? [] : [`${path}: ${JSON.stringify(lost[0]!.path)}`];
    });
    expect(wrong).toEqual([]);
  });
});

describe("editToml", () => {
  const check = async (change: (before: Table) => Table | undefined) => {
    const wrong: string[] = [];
    let edited = 0;
    for (const { path, text, value } of documents) {
      const after = change(value as Table);
      const written = after && editToml(text, value as Table, after, { stringify });
      if (written === undefined) continue;
      edited++;
      const parsed = await parseToml(written, { maxDepth: 64 });
      if (!("value" in parsed) || !Bun.deepEquals(parsed.value, after)) wrong.push(path);
    }
    return { wrong, edited };
  };

  test("adds a table to any document and changes nothing else", async () => {
    expect(await check((before) => ({ ...before, "added by hand": { why: "to see" } }))).toEqual({
      wrong: [],
      edited: 219,
    });
  });

  test("changes a key of any document and nothing else", async () => {
    const changed = await check((before) => {
      const key = Object.keys(before).find((name) => typeof before[name] !== "object");
      return key === undefined ? undefined : { ...before, [key]: "another\nvalue" };
    });
    expect(changed).toEqual({ wrong: [], edited: 89 });
  });

  test("removes a key of any document and nothing else", async () => {
    const changed = await check((before) => {
      const [key, ...rest] = Object.keys(before);
      return key === undefined ? undefined : Object.fromEntries(rest.map((name) => [name, before[name]]));
    });
    expect(changed).toEqual({ wrong: [], edited: 212 });
  });
});

/** By the suite's own notation: `{type, value}` with the value as text. */
function matches(value: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return Array.isArray(value) && value.length === wanted.length && wanted.every((one, at) => matches(value[at], one));
  }
  const table = wanted as Record<string, unknown>;
  if (typeof table.type === "string" && typeof table.value === "string") return isValue(value, table.type, table.value);
  const keys = Object.keys(value as object);
  return (
    keys.length === Object.keys(table).length && keys.every((key) => matches((value as typeof table)[key], table[key]))
  );
}

function isValue(value: unknown, type: string, wanted: string): boolean {
  if (type === "string") return value === wanted;
  if (type === "bool") return String(value) === wanted;
  if (type === "integer") return Number(value) === Number(wanted);
  if (type === "float") return Object.is(value, Number(wanted.replace(/inf/i, "Infinity").replace(/^\+?nan/i, "NaN")));
  return value instanceof Date;
}

function has(value: unknown, path: TomlPath): boolean {
  let found = value;
  for (const key of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return false;
    found = (found as Record<string | number, unknown>)[key];
  }
  return true;
}
