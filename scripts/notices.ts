/**
 * The licence notices of what is inside the executable: `bun run notices` writes THIRD-PARTY-NOTICES.txt, which the
 * executable carries and `aleph version --licenses` shows. A test fails when the file is not what this makes.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { BUNDLE, ENTRY } from "./bundle.ts";
import { builtSources } from "./carried-plugins.ts";

export const NOTICES = "THIRD-PARTY-NOTICES.txt";

const RULE = "=".repeat(80);

const RUNTIME = `Bun, the runtime
https://bun.com
MIT

Bun itself is under the MIT licence. It links JavaScriptCore and WebKit (LGPL 2), tinycc (LGPL 2.1) and other libraries
statically; https://bun.com/docs/project/license lists them with their licences and tells how to build Bun with a changed
JavaScriptCore. Aleph's sources are public under Apache-2.0: \`bun run build\` with such a Bun makes this executable anew.
`;

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly homepage: string;
  readonly texts: readonly string[];
}

/** The text of the file, from what a bundle of the sources really contains. */
export async function collectNotices(): Promise<string> {
  const folders = await bundledPackages();
  const packages = (await Promise.all(folders.map(readPackage))).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  // Texts that several packages share word for word, such as Apache's, stand once with all their names.
  const byText = new Map<string, Package[]>();
  for (const found of packages) {
    const text = found.texts.join("\n");
    byText.set(text, [...(byText.get(text) ?? []), found]);
  }
  const sections = [...byText].map(([text, group]) => {
    const heads = group.map(({ name, version, license, homepage }) => `${name} ${version}\n${homepage}\n${license}\n`);
    return `${heads.join("\n")}\n${text}`;
  });
  const intro = "Aleph is licensed under Apache-2.0. The executable also contains the works below.\n";
  return [intro, RUNTIME, ...sections].map((section) => `${section.trim()}\n`).join(`\n${RULE}\n\n`);
}

/** Their folders. */
export async function bundledPackages(): Promise<string[]> {
  const external = ["@aleph/plugin-sdk"];
  const result = await Bun.build({ ...BUNDLE, entrypoints: [ENTRY], metafile: true, throw: true });
  // A bundle of its own: what plugins import is carried within their entries.
  const carried = await Bun.build({
    ...BUNDLE,
    entrypoints: [...builtSources()],
    external,
    metafile: true,
    throw: true,
  });
  const inputs = [result, carried].flatMap(({ metafile }) => Object.keys(metafile?.inputs ?? {}));
  const found = inputs.flatMap((path) => /(node_modules\/.*)/.exec(path)?.[1] ?? []);
  const folders = found.flatMap((path) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  // The platform's own part of a package is under the licence of the whole; the file is the same wherever it is made.
  return [...new Set(folders)].filter((folder) => !folder.includes("/@opentui/core-")).toSorted();
}

/** A package can be there twice, in two versions: one of them lies within the package that wants it. */
async function readPackage(folder: string): Promise<Package> {
  const name = folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
  const json = await Bun.file(join(folder, "package.json")).json();
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = await Promise.all(files.toSorted().map((file) => Bun.file(join(folder, file)).text()));
  const license = String(json.license);
  const author = typeof json.author === "string" ? json.author : json.author?.name;
  const repository = typeof json.repository === "string" ? json.repository : json.repository?.url;
  if (texts.length === 0 && license !== "MIT") throw new Error(`${name} has no licence text and is not MIT`);
  return {
    name,
    version: json.version,
    license,
    homepage: json.homepage ?? repository ?? "",
    texts: texts.length > 0 ? texts : [mitText(author ?? `the authors of ${name}`)],
  };
}

/** For packages that declare MIT and ship no text. */
function mitText(holder: string): string {
  return `Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;
}

if (import.meta.main) await Bun.write(NOTICES, await collectNotices());
