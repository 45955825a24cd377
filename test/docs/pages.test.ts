/** What the pages say can be done: commands and options, config, methods and links are there as they are written. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import packageJson from "../../package.json";
import { type Arguments, type Entry, isGroup } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands/index.ts";
import { serverFlags } from "../../src/cli/flags.ts";
import { checkWords, findWord } from "../../src/cli/parse.ts";
import { parseDocument } from "../../src/config/document.ts";
import { validateDocument } from "../../src/config/validate.ts";
import { methods } from "../../src/methods/index.ts";
import { parseManifest } from "../../src/plugin/manifest.ts";
import { MANIFEST_FORMATS } from "../../src/plugin/manifest-files.ts";
import { AlephError } from "../../src/protocol/errors.ts";
import { TOPICS } from "../../src/protocol/event-frame.ts";
import { providers } from "../../src/providers/index.ts";
import { readAdapter } from "../../src/providers/protocols/adapter.ts";
import {
  anchorsOf,
  blocksOf,
  callsIn,
  commandLines,
  linksOf,
  type OurCall,
  type Page,
  proseOf,
  ROOT,
  readPages,
} from "../support/docs.ts";

const pages = await readPages();
/** Made from the commands, which have tests of their own; what is indented there is the form of each. */
const GENERATED = new Set(["docs/cli.md"]);
/** What stands before a part of a plugin's manifest, so that it can be read as a whole. */
const MANIFEST = `[plugin]\nid = "example"\nname = "Example"\nversion = "1.0.0"\ndescription = "An example"\nkind = "nodejs"\nentry = "index.js"\n`;

describe("commands of the pages", () => {
  const lines = pages.flatMap((page) => commandLines(page).map((line) => [page.path, line] as const));

  test("some are there", () => {
    expect(lines.length).toBeGreaterThan(60);
  });

  test.each(lines)("%s: %s", async (_, line) => {
    for (const call of callsIn(line)) await checkCall(call);
  });

  test.each(pages.filter(({ path }) => !GENERATED.has(path)))("$path has them in blocks of sh alone", (page) => {
    const elsewhere = blocksOf(page).filter(
      ({ language, text }) => language !== "sh" && /^(\S*\/)?aleph(-server)? (?!=)/m.test(text),
    );
    const indented = proseOf(page).match(/(?<=\n\n) {4}(\S*\/)?aleph(-server)?( .*)?$/m);
    expect({ elsewhere, indented: indented?.[0] }).toEqual({ elsewhere: [], indented: undefined });
  });

  test.each(pages)("$path names them in its sentences as they are", async (page) => {
    for (const [, line] of proseOf(page).matchAll(/(?<!`)`((?:aleph|aleph-server) [^`\n…<]+)`/g)) {
      if (!/^aleph(-server)? [A-Z]/.test(line!))
        for (const call of callsIn(line!)) await checkCall(call, { inSentence: true });
    }
  });

  test.each(pages)("$path names scripts that are there", ({ text }) => {
    const named = [...text.matchAll(/(?:\bbun |`|^ {4}|^)((?:\.\/)?scripts\/[\w./-]*\w)/gm)].map((match) => match[1]!);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const run = [...text.matchAll(/\bbun run ([\w-]+)/g)].map((match) => match[1]!);
    expect(run.filter((script) => !Object.hasOwn(packageJson.scripts, script))).toEqual([]);
  });
});

describe("what an unknown command or option would be", () => {
  test.each([
    "aleph chatt",
    "aleph sessions lst",
    "aleph status --jsn",
    "git diff | aleph chat --modle x",
    "aleph-server --prot 80",
  ])("%s is found", async (line) => {
    await expect(Promise.all(callsIn(line).map((call) => checkCall(call)))).rejects.toBeInstanceOf(AlephError);
  });
});

describe("config of the pages", () => {
  const blocks = pages.flatMap(({ path, text }) =>
    blocksOf({ path, text })
      .filter((block) => block.language === "toml")
      .map((block) => [`${path}:${block.line}`, path, block.text] as const),
  );

  test.each(blocks)("%s", async (_, path, text) => {
    if (/^\[plugin\]|^\[\[http_routes\]\]/m.test(text)) {
      const env = [...text.matchAll(/secret = "([A-Z_]+)"/g)].map((match) => match[1]!);
      const asked = env.length > 0 ? `[permissions]\nenv = ${JSON.stringify(env)}\n` : "";
      await parseManifest(text.includes("[plugin]") ? text : `${MANIFEST}${asked}${text}`, MANIFEST_FORMATS[0]!);
    } else if (path === "docs/protocol-adapters.md" && !/^\[(providers|models)\b/m.test(text)) {
      expect(await readAdapter("example", text, providers)).toHaveProperty("type");
    } else {
      const { document, issues } = await parseDocument(text);
      expect(issues).toEqual([]);
      expect(validateDocument(document)).toEqual([]);
    }
  });
});

describe("methods and topics of the pages", () => {
  const known = new Set<string>([...Object.keys(methods), ...TOPICS]);

  test.each(pages.filter(({ path }) => !path.startsWith("docs/reference/")))(
    "$path calls them by their names and params",
    async (page) => {
      const wrong: string[] = [];
      for (const [, name, params] of page.text.matchAll(/`([a-z]+(?:\.[a-zA-Z]+)+) \{([^`]*)\}`/g)) {
        const load = Object.hasOwn(methods, name!) ? methods[name as keyof typeof methods] : undefined;
        if (!load) {
          if (!known.has(name!)) wrong.push(name!);
          continue;
        }
        const schema = (await load()).params as { readonly shape?: Readonly<Record<string, unknown>> };
        const names = params!
          .replaceAll(/\{[^{}]*\}|"[^"]*"|\([^()]*\)/g, "")
          .split(/[,|]/)
          .map((key) => key.replace(/[?:].*$/, "").trim());
        for (const key of names)
          if (/^[a-z]\w*$/.test(key) && schema.shape && !Object.hasOwn(schema.shape, key))
            wrong.push(`${name}: ${key}`);
      }
      expect(wrong).toEqual([]);
    },
  );

  const frames = pages.flatMap((page) =>
    framesOf(page).map((frame) => [page.path, frame.method, frame.params] as const),
  );

  test.each(frames)("%s: params of %s are valid", async (_, method, params) => {
    if (method === "event") return expect([...TOPICS] as string[]).toContain((params as { topic: string }).topic);
    const load = methods[(method === "connect" ? "auth.connect" : method) as keyof typeof methods];
    expect(load).toBeDefined();
    expect((await load()).params.safeParse(params).error).toBeUndefined();
  });
});

describe("links of the pages", () => {
  const byPath = new Map(pages.map((page) => [page.path, page]));

  test.each(pages)("$path leads somewhere", (page) => {
    const broken = linksOf(page).filter((link) => {
      if (/^(https?|mailto|ws):/.test(link)) return false;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page.path : normalize(join(dirname(page.path), path));
      if (!existsSync(join(ROOT, target))) return true;
      const there = byPath.get(target);
      return anchor !== undefined && there !== undefined && !anchorsOf(there).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  test("docs/README.md lists every page", () => {
    const index = byPath.get("docs/README.md");
    const listed = new Set(index && linksOf(index).map((link) => normalize(join("docs", link.split("#")[0]!))));
    const all = pages.map(({ path }) => path).filter((path) => path.startsWith("docs/") && path !== "docs/README.md");
    expect(all.filter((path) => !listed.has(path))).toEqual([]);
  });
});

/** Throws what the command line itself would say of the words. */
async function checkCall({ program, words }: OurCall, { inSentence = false } = {}): Promise<void> {
  const fallback = program === "aleph" ? "chat" : "serve";
  const fallbackEntry = await commands[fallback]();
  const before: Arguments = { ...serverFlags, ...(isGroup(fallbackEntry) ? {} : fallbackEntry.args) };
  if (isAsking(words)) return;
  const at = findWord(words, before);
  const name = at < 0 ? fallback : words[at]!;
  if (name === "help") return;
  if (!Object.hasOwn(commands, name)) throw new AlephError("invalid_params", `No command "${name}"`);
  const rest = at < 0 ? words : words.toSpliced(at, 1);
  checkEntry(await commands[name as keyof typeof commands](), rest, { name, inSentence });
}

interface Place {
  readonly name: string;
  /** A sentence may name a command without all that it needs. */
  readonly inSentence: boolean;
}

function checkEntry(entry: Entry, words: readonly string[], { name, inSentence }: Place): void {
  if (!isGroup(entry)) {
    check(entry.args, words, { name, inSentence });
    return;
  }
  const all: Arguments = Object.assign({}, serverFlags, ...Object.values(entry.commands).map(({ args }) => args));
  const at = findWord(words, all);
  const below = at < 0 ? entry.fallback : words[at]!;
  if (below === undefined && inSentence) return;
  const command = below === undefined ? undefined : entry.commands[below];
  if (!command) throw new AlephError("invalid_params", `No command "${name} ${below}"`);
  check(command.args, at < 0 ? words : words.toSpliced(at, 1), { name: `${name} ${below}`, inSentence });
}

function check(args: Arguments, words: readonly string[], { name, inSentence }: Place): void {
  const eased = Object.entries(args).map(([option, argument]) => [option, { ...argument, required: false }] as const);
  checkWords(words, inSentence ? (Object.fromEntries(eased) as Arguments) : args, name);
}

function isAsking(words: readonly string[]): boolean {
  return words.some((word) => ["--help", "-h", "--version", "-v"].includes(word));
}

/** JSON-RPC requests and events that stand in a block, fenced or indented. */
function framesOf({ text }: Page): readonly { readonly method: string; readonly params: unknown }[] {
  return [...text.matchAll(/^\s*(\{"jsonrpc":.*\})\s*$/gm)].flatMap(([, frame]) => {
    const parsed = JSON.parse(frame!.replaceAll(/\{…\}/g, "{}")) as { method?: string; params?: unknown };
    return parsed.method === undefined ? [] : [{ method: parsed.method, params: parsed.params }];
  });
}

test("CONTRIBUTING.md maps every folder and file of src, and none that is not there", () => {
  const text = pages.find(({ path }) => path === "CONTRIBUTING.md")?.text ?? "";
  const map = text.slice(text.indexOf("| folder of src/ |"), text.indexOf("A **plural folder**"));
  const rows = [...map.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1]!);
  expect(rows.toSorted()).toEqual(readdirSync(join(ROOT, "src")).toSorted());
});
