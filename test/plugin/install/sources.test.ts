import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { INSTALL_LIMITS, type InstallLimits } from "../../../src/plugin/install/entry.ts";
import { describeSource, fetchSource, parseSource } from "../../../src/plugin/install/sources.ts";
import { AlephError } from "../../../src/protocol/errors.ts";
import { testFolder } from "../../support/folder.ts";
import { tgzOf, zipOf } from "./archives.ts";

const PATH = ["/usr/local/bin", "/usr/bin", "/bin"];

test.each([
  ["/opt/plugin", "/opt/plugin"],
  ["/opt/plugin-1.0.0.tgz", "/opt/plugin-1.0.0.tgz"],
  ["https://example.com/plugin.zip", "https://example.com/plugin.zip"],
  ["HTTPS://Example.com/plugin.zip#x", "https://example.com/plugin.zip"],
  ["https://example.com/plugin.git", "git+https://example.com/plugin.git#HEAD"],
  ["https://example.com/plugin.git#v1.0.0", "git+https://example.com/plugin.git#v1.0.0"],
  ["git+https://example.com/plugin#feature/x", "git+https://example.com/plugin#feature/x"],
  ["http://127.0.0.1:8080/plugin.tgz", "http://127.0.0.1:8080/plugin.tgz"],
  ["git+http://localhost:8080/plugin", "git+http://localhost:8080/plugin#HEAD"],
])("parseSource reads %s", (text, described) => {
  expect(describeSource(parseSource(text))).toBe(described);
});

test.each([
  ["", "invalid_params"],
  ["plugin", "invalid_params"],
  ["./plugin", "invalid_params"],
  ["/opt/pl\0ugin", "invalid_params"],
  ["http://example.com/plugin.zip", "invalid_params"],
  ["git+http://example.com/plugin", "invalid_params"],
  ["git://example.com/plugin", "invalid_params"],
  ["ssh://git@example.com/plugin", "invalid_params"],
  ["git+ssh://example.com/plugin.git", "invalid_params"],
  ["ssh://user:secret@example.com/plugin", "invalid_params"],
  ["git@example.com:owner/plugin.git", "invalid_params"],
  ["file:///opt/plugin", "invalid_params"],
  ["ext::sh -c touch% /tmp/x", "invalid_params"],
  ["https://", "invalid_params"],
  ["https://user:secret@example.com/plugin.zip", "forbidden"],
  ["https://token@example.com/plugin.git", "forbidden"],
  ["git+https://example.com/plugin#--upload-pack=x", "invalid_params"],
  ["git+https://example.com/plugin#a..b", "invalid_params"],
  ["git+https://example.com/plugin#a b", "invalid_params"],
  ["git+https://example.com/plugin#+refs/*:refs/*", "invalid_params"],
])("parseSource refuses %j", (text, reason) => {
  let refusal: unknown;
  try {
    parseSource(text);
  } catch (thrown) {
    refusal = thrown;
  }
  expect((refusal as AlephError).reason).toBe(reason as "forbidden");
  expect((refusal as AlephError).message).not.toContain("secret");
});

interface Fetching {
  readonly limits?: Partial<InstallLimits>;
  readonly signal?: AbortSignal;
  readonly addresses?: readonly string[];
  readonly path?: readonly string[];
}

/** What is in the folder afterwards, or the reason of the refusal. */
async function fetched(
  source: string,
  { limits = {}, signal = new AbortController().signal, addresses = ["127.0.0.1"], path = PATH }: Fetching = {},
): Promise<readonly string[] | string> {
  await using folder = await testFolder();
  const to = join(folder.path, "to");
  const scratch = join(folder.path, "scratch");
  await mkdir(to);
  await mkdir(scratch);
  const lookup = async () => addresses;
  const options = { lookup, fetch, git: { path: () => path }, limits: { ...INSTALL_LIMITS, ...limits } };
  try {
    await fetchSource(parseSource(source), { ...options, folder: to, scratch }, signal);
  } catch (thrown) {
    if (thrown instanceof AlephError) return `${thrown.reason}: ${thrown.message}`;
    return (thrown as Error).name;
  }
  return (await readdir(to, { recursive: true })).sort();
}

test("fetchSource copies a folder without what is not the plugin's", async () => {
  await using folder = await testFolder();
  for (const path of ["aleph_plugin.toml", "dist/index.js", ".git/config", "node_modules/a/x.js", ".env"]) {
    await Bun.write(join(folder.path, path), path);
  }
  await mkdir(join(folder.path, "node_modules/.bin"));
  await symlink("../a/x.js", join(folder.path, "node_modules/.bin/a"));
  const files = [
    ".env",
    "aleph_plugin.toml",
    "dist",
    "dist/index.js",
    "node_modules",
    "node_modules/a",
    "node_modules/a/x.js",
  ];
  expect(await fetched(folder.path)).toEqual(files);
});

test("fetchSource refuses a folder with links, with devices, or with too much", async () => {
  await using folder = await testFolder();
  await Bun.write(join(folder.path, "aleph_plugin.toml"), "");
  await Bun.write(join(folder.path, "a"), "12345");
  expect(await fetched(folder.path, { limits: { fileBytes: 4 } })).toBe('plugin_error: "a" is larger than 4 bytes');
  expect(await fetched(folder.path, { limits: { totalBytes: 4 } })).toContain("larger than 4 bytes");
  expect(await fetched(folder.path, { limits: { entries: 0 } })).toContain("more than 0 files");
  await symlink("a", join(folder.path, "b"));
  expect(await fetched(folder.path)).toBe('plugin_error: "b" is a link, which a plugin may not have');
  await using other = await testFolder();
  expect(await fetched(other.path)).toBe('plugin_error: There is no "aleph_plugin.toml" in it');
  await Bun.write(join(other.path, "aleph_plugin.toml"), "");
  const server = Bun.listen({ unix: join(other.path, "pipe"), socket: { data() {} } });
  using _ = { [Symbol.dispose]: () => server.stop(true) };
  expect(await fetched(other.path)).toBe('plugin_error: "pipe" is neither a file nor a folder');
  expect(await fetched(join(other.path, "pipe"))).toContain("is neither a folder nor a file");
  expect(await fetched(join(other.path, "missing"))).toContain("not_found: ");
});

test("fetchSource takes an archive from this machine, whatever its name", async () => {
  await using folder = await testFolder();
  await Bun.write(join(folder.path, "a.tgz"), zipOf([{ path: "x" }]));
  expect(await fetched(join(folder.path, "a.tgz"))).toEqual(["x"]);
});

test("fetchSource downloads an archive, over redirects", async () => {
  const archive = tgzOf([{ path: "aleph_plugin.toml", data: "x" }]);
  using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request, self) {
      const { pathname } = new URL(request.url);
      if (pathname === "/latest") return new Response(null, { status: 302, headers: { location: "/a.tgz" } });
      if (pathname === "/away") {
        return new Response(null, { status: 302, headers: { location: `http://127.0.0.1:${self.port! + 1}/` } });
      }
      if (pathname === "/up") return new Response(null, { status: 302, headers: { location: "https://evil.test/" } });
      return pathname === "/a.tgz" ? new Response(new Uint8Array(archive)) : new Response("no", { status: 404 });
    },
  });
  const origin = `http://localhost:${server.port}`;
  expect(await fetched(`${origin}/latest`)).toEqual(["aleph_plugin.toml"]);
  expect(await fetched(`${origin}/missing`)).toBe(`not_found: "localhost:${server.port}" answers with status 404`);
  expect(await fetched(`${origin}/away`)).toStartWith("forbidden: ");
  expect(await fetched(`${origin}/up`)).toStartWith("forbidden: ");
  expect(await fetched(`${origin}/a.tgz`, { limits: { archiveBytes: 50 } })).toContain("larger than 50 bytes");
  expect(await fetched(`${origin}/a.tgz`, { addresses: ["192.168.1.1"] })).toStartWith("forbidden: ");
  expect(await fetched(`${origin}/a.tgz`, { signal: AbortSignal.abort() })).toBe("AbortError");
  expect(await fetched("https://plugins.test/a.tgz")).toStartWith("forbidden: ");
});

const GIT_ENV = {
  PATH: PATH.join(":"),
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "a",
  GIT_AUTHOR_EMAIL: "a@b.test",
  GIT_COMMITTER_NAME: "a",
  GIT_COMMITTER_EMAIL: "a@b.test",
};

/** A server of repositories: git's own, behind HTTP. */
function gitServer(root: string) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const child = Bun.spawn(["git", "http-backend"], {
        env: {
          ...GIT_ENV,
          GIT_PROJECT_ROOT: root,
          GIT_HTTP_EXPORT_ALL: "1",
          REQUEST_METHOD: request.method,
          PATH_INFO: pathname,
          QUERY_STRING: search.slice(1),
          CONTENT_TYPE: request.headers.get("content-type") ?? "",
          HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
          GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
        },
        stdin: await request.blob(),
        stdout: "pipe",
        stderr: "ignore",
      });
      const answer = Buffer.from(await new Response(child.stdout).arrayBuffer());
      const end = answer.indexOf("\r\n\r\n");
      const headers = new Headers();
      for (const line of answer.subarray(0, end).toString().split("\r\n")) {
        headers.set(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim());
      }
      const status = Number.parseInt(headers.get("status") ?? "200", 10);
      headers.delete("status");
      return new Response(answer.subarray(end + 4), { status, headers });
    },
  });
  return { origin: `http://127.0.0.1:${server.port}`, [Symbol.dispose]: () => void server.stop(true) };
}

test("fetchSource gets one commit of a repository: a branch, a tag or a hash, and starts nothing", async () => {
  await using folder = await testFolder();
  const repository = join(folder.path, "plugin.git");
  await mkdir(repository);
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: repository, env: GIT_ENV, encoding: "utf8" }).trim();
  git("init", "--quiet", "--initial-branch=main");
  git("config", "uploadpack.allowAnySHA1InWant", "true");
  const mark = join(folder.path, "ran");
  await Bun.write(join(repository, "aleph_plugin.toml"), "one");
  await Bun.write(join(repository, ".gitattributes"), "* filter=evil\n");
  await Bun.write(join(repository, ".gitconfig"), `[filter "evil"]\n smudge = touch ${mark}\n`);
  await Bun.write(join(repository, ".config/git/config"), `[filter "evil"]\n smudge = touch ${mark}\n`);
  git("add", "--all");
  git("commit", "--quiet", "--message=one");
  const first = git("rev-parse", "HEAD");
  git("tag", "v1");
  await Bun.write(join(repository, "two"), "two");
  git("add", "--all");
  git("commit", "--quiet", "--message=two");
  git("checkout", "--quiet", "-b", "links");
  await symlink("/etc/passwd", join(repository, "link"));
  git("add", "--all");
  git("commit", "--quiet", "--message=three");
  git("checkout", "--quiet", "main");
  using server = gitServer(folder.path);
  const source = `git+${server.origin}/plugin.git/.git`;
  const one = [".config", ".config/git", ".config/git/config", ".gitattributes", ".gitconfig", "aleph_plugin.toml"];
  expect(await fetched(source)).toEqual([...one, "two"]);
  expect(await fetched(`${source}#main`)).toEqual([...one, "two"]);
  expect(await fetched(`${source}#v1`)).toEqual(one);
  expect(await fetched(`${source}#${first}`)).toEqual(one);
  expect(await fetched(`${source}#links`)).toBe('plugin_error: "link" is a link, which a plugin may not have');
  expect(await fetched(`${source}#missing`)).toContain("has no missing, or cannot be read");
  expect(await fetched(`git+${server.origin}/missing`)).toStartWith("not_found: ");
  expect(await fetched(source, { path: [folder.path] })).toBe("not_found: The program git is not installed");
  expect(await fetched(source, { signal: AbortSignal.abort() })).toBe("AbortError");
  expect(await Bun.file(mark).exists()).toBe(false);
});
