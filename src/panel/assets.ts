/**
 * The panel's files as the server hands them out. In the executable they are inside, made by the build; in a checkout they
 * are made at the first request.
 */
import type { HTMLBundle } from "bun";
import { AlephError } from "../protocol/errors.ts";
import panelPage from "./index.html";
import { INSTALLABLE_LINKS, installableFiles } from "./installable.ts";
import loginPage from "./login.html";

export interface PanelFile {
  readonly bytes: ArrayBuffer;
  readonly type: string;
  /** Quoted, as HTTP wants it. */
  readonly etag: string;
  /** The name holds a hash of the content: it never changes. */
  readonly immutable: boolean;
}

/** By path: `/`, `/login`, what makes it installable, and `/<name>-<hash>.<ending>`. */
export type PanelFiles = ReadonlyMap<string, PanelFile>;

const PAGES: readonly { readonly path: string; readonly page: HTMLBundle }[] = [
  { path: "/", page: panelPage as unknown as HTMLBundle },
  { path: "/login", page: loginPage as unknown as HTMLBundle },
];

/** Throws `internal` when the panel's sources cannot be built. */
export async function loadPanel(): Promise<PanelFiles> {
  const files = new Map<string, PanelFile>();
  const add = async ({ path, name, body }: Made, immutable: boolean) => {
    const bytes = await (path === "/" ? withLinks(body) : body).arrayBuffer();
    files.set(path, { bytes, type: typeOf(name), etag: `"${Bun.hash(bytes).toString(36)}"`, immutable });
  };
  const pages = PAGES.every(({ page }) => page.files !== undefined) ? await embedded() : await built();
  for (const made of pages) await add(made, !PAGES.some(({ path }) => path === made.path));
  // Who is offline is not asked to log in.
  const shell = new Map([...files].flatMap(([path, { etag }]) => (path === "/login" ? [] : [[path, etag]])));
  for (const made of installableFiles(shell)) await add(made, false);
  return files;
}

/** What the bundler would look for in the file system. */
function withLinks(page: Blob): Response {
  return new HTMLRewriter()
    .on("head", { element: (head) => void head.append(INSTALLABLE_LINKS, { html: true }) })
    .transform(new Response(page));
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
    png: "image/png",
    webmanifest: "application/manifest+json",
  };
  return types[ending] ?? "application/octet-stream";
}
