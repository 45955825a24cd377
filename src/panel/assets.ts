/**
 * The panel's files as the server hands them out. In the executable they are inside, made by the build; in a checkout they
 * are made at the first request.
 */
import type { HTMLBundle } from "bun";
import { AlephError } from "../protocol/errors.ts";
import panelPage from "./index.html";
import loginPage from "./login.html";

export interface PanelFile {
  readonly bytes: ArrayBuffer;
  readonly type: string;
  /** Quoted, as HTTP wants it. */
  readonly etag: string;
  /** The name holds a hash of the content: it never changes. */
  readonly immutable: boolean;
}

/** By path: `/`, `/login` and `/<name>-<hash>.<ending>`. */
export type PanelFiles = ReadonlyMap<string, PanelFile>;

const PAGES: readonly { readonly path: string; readonly page: HTMLBundle }[] = [
  { path: "/", page: panelPage as unknown as HTMLBundle },
  { path: "/login", page: loginPage as unknown as HTMLBundle },
];

/** Throws `internal` when the panel's sources cannot be built. */
export async function loadPanel(): Promise<PanelFiles> {
  const files = new Map<string, PanelFile>();
  const pages = PAGES.every(({ page }) => page.files !== undefined) ? await embedded() : await built();
  for (const { path, name, body } of pages) {
    const type = typeOf(name);
    const bytes = await body.arrayBuffer();
    const etag = `"${Bun.hash(bytes).toString(36)}"`;
    files.set(path, { bytes, type, etag, immutable: !PAGES.some((page) => page.path === path) });
  }
  return files;
}

interface Made {
  readonly path: string;
  readonly name: string;
  readonly body: Blob;
}

async function embedded(): Promise<readonly Made[]> {
  return PAGES.flatMap(({ path, page }) =>
    page.files!.map(({ path: file }) => {
      const name = file.slice(file.lastIndexOf("/") + 1);
      return { path: file === page.index ? path : `/${name}`, name, body: Bun.file(file) };
    }),
  );
}

async function built(): Promise<readonly Made[]> {
  const result = await Bun.build({
    entrypoints: PAGES.map(({ page }) => page.index),
    target: "browser",
    minify: true,
    splitting: true,
    naming: { entry: "[name].[ext]", chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
    publicPath: "/",
    define: { "process.env.NODE_ENV": '"production"' },
    throw: false,
  });
  if (!result.success) {
    throw new AlephError("internal", "The panel could not be built", {
      cause: new Error(result.logs.map(String).join("\n")),
    });
  }
  return result.outputs.map((output) => {
    const name = output.path.slice(output.path.lastIndexOf("/") + 1);
    const page = PAGES.find((page) => page.page.index.endsWith(`/${name}`));
    return { path: page?.path ?? `/${name}`, name, body: output };
  });
}

function typeOf(name: string): string {
  const ending = name.slice(name.lastIndexOf(".") + 1);
  const types: Readonly<Record<string, string>> = {
    html: "text/html;charset=utf-8",
    js: "text/javascript;charset=utf-8",
    css: "text/css;charset=utf-8",
    svg: "image/svg+xml",
  };
  return types[ending] ?? "application/octet-stream";
}
