import { beforeAll, describe, expect, test } from "bun:test";
import { loadPanel, type PanelFiles } from "../../src/panel/assets.ts";

let files: PanelFiles;
beforeAll(async () => {
  files = await loadPanel();
});

const text = (path: string) => new TextDecoder().decode(files.get(path)!.bytes);
const named = (path: string) => [...text(path).matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1]!);

/** The script and all that it loads before it runs. */
function scripts(page: string): readonly string[] {
  const seen = new Set<string>();
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const [, from] of text(path).matchAll(/(?:\bfrom|\bimport)"(\/[^"]+)"/g)) visit(from!);
  };
  for (const path of named(page)) if (path.endsWith(".js")) visit(path);
  return [...seen];
}

const gzipped = (paths: readonly string[]) =>
  paths.reduce((sum, path) => sum + Bun.gzipSync(files.get(path)!.bytes).byteLength, 0);

describe("the panel's files", () => {
  test.each(["/", "/login"])("page %s loads only files that are there, and has nothing inline", (page) => {
    expect(named(page).length).toBeGreaterThan(2);
    expect(named(page).filter((path) => !files.has(path) && path !== "/auth/login")).toEqual([]);
    expect(text(page)).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|https?:\/\//);
  });

  test("the first page needs at most 150 KB of script", () => {
    const size = gzipped(scripts("/"));
    expect(size).toBeGreaterThan(20_000);
    expect(size).toBeLessThan(150_000);
  });

  test("the login page needs little", () => {
    expect(gzipped(scripts("/login"))).toBeLessThan(30_000);
  });

  test("the languages of code blocks come later", () => {
    const later = [...files.keys()].filter(
      (path) => path.endsWith(".js") && !scripts("/").includes(path) && !scripts("/login").includes(path),
    );
    expect(later.length).toBeGreaterThan(0);
  });

  test("no schema library is among them", () => {
    for (const path of files.keys()) if (path.endsWith(".js")) expect(text(path)).not.toContain("ZodError");
  });

  test("no script asks for anything from elsewhere", () => {
    const elsewhere = /(?:fetch|import|WebSocket|EventSource|Worker)\(["'`](?:https?:|wss?:|\/\/)/;
    for (const path of files.keys()) if (path.endsWith(".js")) expect(text(path)).not.toMatch(elsewhere);
  });

  test("all but the pages and what installs them have a hash in their names and never change", () => {
    const named = new Set(["/", "/login", "/sw.js", "/manifest.webmanifest"]);
    for (const [path, { immutable, etag, type }] of files) {
      expect(immutable).toBe(!named.has(path) && !path.endsWith(".png"));
      if (immutable) expect(path).toMatch(/^\/[\w.-]+-[a-z0-9]{8}\.(?:js|css|svg)$/);
      expect(etag).toMatch(/^"[a-z0-9]+"$/);
      expect(type).toMatch(
        /^(?:text\/(?:html|javascript|css);charset=utf-8|image\/(?:svg\+xml|png)|application\/manifest\+json)$/,
      );
    }
  });

  test("the manifest names icons that are there, of the sizes that it says", () => {
    const manifest = JSON.parse(text("/manifest.webmanifest")) as { icons: { src: string; sizes: string }[] };
    expect(manifest).toMatchObject({ id: "/", start_url: "/", scope: "/", display: "standalone" });
    for (const { src, sizes } of manifest.icons) {
      const view = new DataView(files.get(src)!.bytes);
      expect(`${view.getUint32(16)}x${view.getUint32(20)}`).toBe(sizes);
    }
  });

  test("the worker keeps every script of the panel, and neither the login nor anything that is no file", () => {
    const [, list = "[]"] = /const FILES = (\[.*?\]);/.exec(text("/sw.js"))!;
    const kept = JSON.parse(list) as string[];
    const wanted = [...files.keys()].filter((path) => /-[a-z0-9]{8}\.(?:js|css|svg)$/.test(path));
    expect(kept.filter((path) => !path.startsWith("/icon")).toSorted()).toEqual(["/", ...wanted].toSorted());
    expect(kept.every((path) => files.has(path))).toBe(true);
    expect(() => new Bun.Transpiler({ loader: "js" }).transformSync(text("/sw.js"))).not.toThrow();
  });
});
