/** The sources as the architecture test sees them: who imports whom, and code without comments and types. */
import { dirname, join, relative } from "node:path";

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** Path from src/, for a relative import; `undefined` for a package or a module of the runtime. */
  readonly to: string | undefined;
  /** Only types cross: nothing is loaded. */
  readonly type: boolean;
  /** Loaded when the code that names it runs. */
  readonly dynamic: boolean;
}

export interface Source {
  /** Path from src/. */
  readonly path: string;
  readonly text: string;
  /** What is left to run: no comments, no types. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const JSX = { compilerOptions: { jsx: "react-jsx", jsxImportSource: "preact" } };
const ts = new Bun.Transpiler({ loader: "ts" });
const tsx = new Bun.Transpiler({ loader: "tsx", tsconfig: JSON.stringify(JSX) });

export async function readSourceTree(root: string): Promise<readonly Source[]> {
  const paths = [...new Bun.Glob("**/*.{ts,tsx}").scanSync(root)].filter((path) => !path.endsWith(".d.ts")).toSorted();
  return Promise.all(paths.map(async (path) => readSource(path, await Bun.file(join(root, path)).text())));
}

export function readSource(path: string, text: string): Source {
  const transpiler = path.endsWith(".tsx") ? tsx : ts;
  // A macro is an import like any other here; it would be run from a place that it is not in.
  const plain = text.replaceAll(' with { type: "macro" }', "");
  const values = transpiler.scanImports(plain);
  const types = specifiersIn(withoutComments(text)).filter((name) => !values.some((value) => value.path === name));
  const toImport = (specifier: string, type: boolean, dynamic: boolean): Import => {
    const to = specifier.startsWith(".") ? relative("/src", join("/src", dirname(path), specifier)) : undefined;
    return { specifier, to, type, dynamic };
  };
  return {
    path,
    text,
    code: transpiler.transformSync(plain),
    imports: [
      ...values.map((value) => toImport(value.path, false, value.kind === "dynamic-import")),
      ...types.map((specifier) => toImport(specifier, true, false)),
    ],
  };
}

/** The first folder below src/, or the file itself when it stands there. */
export function folderOf(path: string): string {
  return path.split("/")[0] ?? path;
}

/** Every module that a file names, for its types or its values. */
function specifiersIn(text: string): string[] {
  const found = text.matchAll(/\b(?:from|import)\s*\(?\s*"([^"\n]+)"/g);
  return [...new Set([...found].map((match) => match[1]!))];
}

function withoutComments(text: string): string {
  return text.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\*[\s\S]*?\*\/|\/\/.*$/gm,
    (_, quoted) => quoted ?? "",
  );
}
