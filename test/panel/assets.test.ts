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

  test("all but the pages have a hash in their names and never change", () => {
    for (const [path, { immutable, etag, type }] of files) {
      expect(immutable).toBe(path !== "/" && path !== "/login");
      if (immutable) expect(path).toMatch(/^\/[\w.-]+-[a-z0-9]{8}\.(?:js|css|svg)$/);
      expect(etag).toMatch(/^"[a-z0-9]+"$/);
      expect(type).toMatch(/^(?:text\/(?:html|javascript|css);charset=utf-8|image\/svg\+xml)$/);
    }
  });
});
