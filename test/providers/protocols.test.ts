/** The folder of protocol adapters: what is offered, read, kept and taken away. */

import { describe, expect, test } from "bun:test";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLog, type LogEntry } from "../../src/lib/log.ts";
import { AlephError, type Issue } from "../../src/protocol/errors.ts";
import { providers } from "../../src/providers/index.ts";
import { checkProviders } from "../../src/providers/models/check-providers.ts";
import { Protocols } from "../../src/providers/protocols.ts";
import { testFolder } from "../support/folder.ts";
import { createModels } from "../support/providers/models.ts";
import { collect, never, requestOf } from "../support/providers/open.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";
import { until } from "../support/until.ts";

async function setUp(files: Record<string, string> = {}) {
  const folder = await testFolder();
  const protocolsFolder = join(folder.path, "protocols");
  if (Object.keys(files).length > 0) await mkdir(protocolsFolder);
  const write = (name: string, text: string) => writeFile(join(protocolsFolder, name), text);
  for (const [name, text] of Object.entries(files)) await write(name, text);
  const logged: LogEntry[] = [];
  const log = createLog({ write: (entry) => logged.push(entry), level: () => "warn" });
  const protocols = new Protocols({ folder: protocolsFolder, builtIn: providers, log });
  const read: [string, readonly Issue[]][] = [];
  protocols.onRead((protocol, issues) => read.push([protocol, issues]));
  return {
    folder: protocolsFolder,
    protocols,
    read,
    logged,
    write,
    remove: (name: string) => rm(join(protocolsFolder, name)),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const extending = (url: string, more = "") => `extends = "openai-compatible"\nbase_url = "${url}"\n${more}`;
const KINDS = Object.keys(providers);

async function failureOf(work: Promise<unknown>) {
  const thrown = await work.catch((error: unknown) => error);
  if (!(thrown instanceof AlephError)) throw new Error(`No AlephError: ${thrown}`);
  return { reason: thrown.reason, message: thrown.message, data: thrown.data };
}

describe("Protocols", () => {
  test("offers the built-in kinds and each file of the folder, which it does not read before", async () => {
    await using it = await setUp({ "b.toml": "", "acme.toml": "", "notes.md": "", ".hidden.toml": "" });
    expect(Object.keys(it.protocols.types)).toEqual([...KINDS, "acme", "b"]);
    expect(it.read).toEqual([]);
  });

  test("does without a folder", async () => {
    await using it = await setUp();
    await it.protocols.refresh();
    expect(Object.keys(it.protocols.types)).toEqual(KINDS);
    expect(it.logged).toEqual([]);
  });

  test("makes kinds of files, with the name of the file", async () => {
    await using it = await setUp({ "acme.toml": extending("http://127.0.0.1:9", 'default_model = "m"') });
    const type = await it.protocols.types.acme!();
    expect([type.type, type.defaultModel, type.needsKey]).toEqual(["acme", "m", true]);
    expect(await it.protocols.types.acme!()).toBe(type);
    expect(it.read).toEqual([["acme", []]]);
  });

  test.each([
    ["extends = openai", 1, "", "Not valid TOML: invalid value"],
    ['extends = "opnai"\nbase_url = "http://x"', 1, "extends", 'must be one of "openai", "openai-compatible"'],
    ['extends = "openai"\n\nbase_url = "x"', 3, "base_url", "must be a web address such as https://example.com"],
    ['extends = "openai"\nbase_url = "http://x"\n[paths]\nchat = "x"', 4, "paths.chat", "must begin with a slash"],
    ['extends = "openai"\nbase_url = "http://x"\n[auth]\nheaders = "x"', 4, "auth.headers", 'did you mean "header"'],
    ['base_url = "http://x"\n[paths]\nchat = "/x"', 1, "request", "is missing; it must be a table"],
    [
      'base_url = "http://x"\n[paths]\nchat = "/x"\n[request.body]\na = 1\nb = ["{{modle}}"]\n[response]\nformat = "sse"\ntext = "a"',
      6,
      "request.body.b.0",
      "{{modle}} is no placeholder",
    ],
    [
      'base_url = "http://x"\n[paths]\nchat = "/x"\n[request.body]\n[response]\nformat = "sse"\ntext = "a..b"',
      7,
      "response.text",
      "must be keys with dots between them",
    ],
  ])("reports %j with its line", async (text, line, path, message) => {
    await using it = await setUp({ "acme.toml": text });
    await it.protocols.refresh();
    const [, issues] = it.read[0]!;
    expect(issues[0]).toMatchObject({ path, line, message: expect.stringContaining(message) as unknown as string });
    expect(it.logged[0]).toMatchObject({
      level: "warn",
      message: "a protocol adapter is not valid",
      fields: { file: "acme.toml", line, fault: issues[0]!.message },
    });
    const failure = await failureOf(it.protocols.types.acme!());
    expect(failure.reason).toBe("config_invalid");
    expect(failure.message).toStartWith('Protocol adapter "acme" is not valid: acme.toml, line ');
    expect((failure.data.issues as unknown[])[0]).toMatchObject({ file: "acme.toml", line, path });
  });

  test("keeps the last good version of a file that is invalid now, and takes the next good one", async () => {
    await using it = await setUp({ "acme.toml": extending("http://127.0.0.1:9", 'default_model = "one"') });
    const first = await it.protocols.types.acme!();
    await it.write("acme.toml", "extends = 1");
    await it.protocols.refresh();
    expect(await it.protocols.types.acme!()).toBe(first);
    expect(it.logged[0]).toMatchObject({ fields: { kept: "the last good version" } });
    await it.write("acme.toml", extending("http://127.0.0.1:9", 'default_model = "two"'));
    await it.protocols.refresh();
    expect((await it.protocols.types.acme!()).defaultModel).toBe("two");
    expect(it.read.map(([name, issues]) => [name, issues.length])).toEqual([
      ["acme", 0],
      ["acme", 2],
      ["acme", 0],
    ]);
  });

  test("reads nothing again that has not changed", async () => {
    await using it = await setUp({ "acme.toml": extending("http://127.0.0.1:9") });
    await it.protocols.refresh();
    await it.protocols.refresh();
    await Promise.all([it.protocols.types.acme!(), it.protocols.refresh()]);
    expect(it.read).toHaveLength(1);
  });

  test("takes kinds away whose file is gone, and adds those that come", async () => {
    await using it = await setUp({ "a.toml": extending("http://127.0.0.1:9"), "b.toml": "" });
    await it.protocols.refresh();
    await it.remove("a.toml");
    await it.remove("b.toml");
    await it.write("c.toml", extending("http://127.0.0.1:9"));
    await it.protocols.refresh();
    expect(Object.keys(it.protocols.types)).toEqual([...KINDS, "c"]);
  });

  test("leaves the built-in kinds as they are", async () => {
    await using it = await setUp({ "openai.toml": extending("http://127.0.0.1:9") });
    await it.protocols.refresh();
    expect(it.read).toEqual([
      ["openai", [{ path: "", message: '"openai" is a built-in kind; give the file another name' }]],
    ]);
    expect((await it.protocols.types.openai!()).defaultModel).toBe("gpt-5.6-terra");
    await it.remove("openai.toml");
    await it.protocols.refresh();
    expect(Object.keys(it.protocols.types)).toEqual(KINDS);
  });

  test("follows its folder, also one that is made later", async () => {
    await using it = await setUp();
    using _watch = it.protocols.watch({ debounceMs: 1, checkMs: 10 });
    await mkdir(it.folder);
    await it.write("acme.toml", "extends = 1");
    await until(() => it.read.length === 1);
    await it.write("acme.toml", extending("http://127.0.0.1:9"));
    await until(() => it.read.length === 2);
    expect(it.read.map(([, issues]) => issues.length)).toEqual([2, 0]);
    await it.remove("acme.toml");
    await until(() => !("acme" in it.protocols.types));
  });
});

describe("Models with protocol adapters", () => {
  test("opens a provider anew when its adapter changed", async () => {
    await using one = startOpenAiFake();
    await using two = startOpenAiFake();
    one.answer(() => "one");
    two.answer(() => "two");
    await using it = await setUp({ "acme.toml": extending(one.url) });
    const models = createModels({
      providers: { work: { type: "acme", api_key: "sk-key" } },
      options: { types: it.protocols.types },
    });
    const say = async () => (await collect((await models.open("work")).stream(requestOf(), never))).parts[0];
    expect([await say(), await say()]).toEqual([
      { type: "text", text: "one" },
      { type: "text", text: "one" },
    ]);
    expect(await models.open("work")).toBe(await models.open("work"));
    await it.write("acme.toml", "broken");
    await it.protocols.refresh();
    expect(await say()).toEqual({ type: "text", text: "one" });
    await it.write("acme.toml", extending(two.url));
    await it.protocols.refresh();
    expect(await say()).toEqual({ type: "text", text: "two" });
    expect((await models.describe()).types).toEqual([...KINDS, "acme"]);
  });

  test("refuse a table of an adapter that is not valid, with file and line", async () => {
    await using it = await setUp({ "acme.toml": 'extends = "openai"\nbase_url = 1' });
    const problems = await checkProviders({ providers: { work: { type: "acme" } } }, it.protocols.types);
    const message =
      'cannot be used: Protocol adapter "acme" is not valid: acme.toml, line 2, base_url: must be a string, not a whole number';
    expect(problems).toEqual([{ path: ["providers", "work", "type"], message }]);
    const other = await checkProviders({ providers: { work: { type: "acne" } } }, it.protocols.types);
    expect(other[0]?.message).toBe('is not known; did you mean "acme"');
  });

  test("check the keys of an adapter's table", async () => {
    await using it = await setUp({ "acme.toml": extending("http://127.0.0.1:9") });
    const check = (table: object) =>
      checkProviders({ providers: { work: { type: "acme", ...table } } }, it.protocols.types);
    expect(await check({ api_keys: ["a"], models: ["m"] })).toEqual([]);
    expect(await check({ apikey: "a" })).toHaveLength(1);
  });
});
