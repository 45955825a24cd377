/** WebAssembly plugins as the compiled executable runs them: what they may do works, what they try fails, and the server goes on. */
import { expect } from "bun:test";
import { chownSync, readFileSync } from "node:fs";
import { mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { hasLandlock } from "../sandbox/confinement/possible.ts";
import { canBe, type Who } from "../sandbox/confinement/run-driver.ts";
import { executablePath, startServer, testExecutableIf } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { writePlugin } from "../support/plugins.ts";
import { openRawSocket, type RawEvent, type RawSocket } from "../support/raw-socket.ts";
import { assemble, countVowels } from "../support/wasm-plugin.ts";

const CONFIG = `[extensions.runtimes.wasm]\nmemory_limit = "64MB"\ntimeout_ms = 1000\n`;
const OTHER = 65_534;

const TEXT_INPUT = `parameters = { type = "object", properties = { input = { type = "string" } } }`;

interface Sample {
  readonly module: Uint8Array;
  /** Names of tools, which are those of their handlers. */
  readonly tools: readonly string[];
  readonly permissions?: string;
}

async function writeSample(plugins: string, id: string, { module, tools, permissions = "" }: Sample): Promise<string> {
  const listed = tools.map(
    (name) => `[[tools]]\nname = "${name}"\ndescription = "For tests"\nhandler = "${name}"\n${TEXT_INPUT}\n`,
  );
  const head = `[plugin]\nid = "${id}"\nname = "${id}"\nversion = "1.0.0"\ndescription = "For tests"\nkind = "wasm"\nentry = "plugin.wasm"`;
  const manifest = `${head}\n\n${permissions}\n${listed.join("\n")}`;
  const path = await writePlugin(plugins, id, { manifest });
  await Bun.write(join(path, "plugin.wasm"), module);
  return path;
}

const wat = async (name: string) => assemble(await Bun.file(join(import.meta.dir, "../support/wasm", name)).text());

/** Calls a tool; gives its text, after a word that tells whether it worked. */
async function use(socket: RawSocket, tool: string, input?: string): Promise<string> {
  const args = input === undefined ? {} : { input };
  const { ok, result } = await socket.call<{ ok: boolean; result: string }>("tool.call", { tool, args });
  return `${ok ? "ok" : "failed"}: ${result}`;
}

/** Gives a folder with all in it to another user. */
async function give(path: string): Promise<void> {
  chownSync(path, OTHER, OTHER);
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) chownSync(join(entry.parentPath, entry.name), OTHER, OTHER);
  }
}

for (const who of ["root", "an ordinary user"] satisfies Who[]) {
  testExecutableIf(hasLandlock && canBe(who))(
    `wasm plugins are confined by the executable on a server of ${who}, and it goes on whatever they do`,
    async () => {
      await using folder = await testFolder();
      const plugins = join(folder.path, "plugins");
      const attacks = ["ok", "spin", "trap", "deep", "grow", "alloc_large", "huge", "flood", "nope"];
      await Bun.write(join(folder.path, "config.toml"), CONFIG);
      await writeSample(plugins, "attacks", { module: await wat("attacks.wat"), tools: attacks });
      await writeSample(plugins, "vowels", { module: await countVowels(), tools: ["count_vowels"] });
      await using http = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("from the network") });
      await writeSample(plugins, "network", {
        module: await wat("http.wat"),
        tools: ["fetch"],
        permissions: `[permissions]\nnetwork = ["connect:http://127.0.0.1:${http.port}"]`,
      });
      const files = await writeSample(plugins, "files", {
        module: await wat("wasi.wat"),
        tools: ["read_3", "read_4", "write_3", "write_4", "socket"],
        permissions: `[permissions]\nfilesystem = ["read:./data", "write:./output"]`,
      });
      await mkdir(join(files, "data"));
      await Bun.write(join(files, "data/a.txt"), "text of a");
      if (who !== "root" && process.geteuid?.() === 0) await give(folder.path);

      const become = ["--reuid", String(OTHER), "--regid", String(OTHER), "--clear-groups", executablePath(), "serve"];
      const asOther = { file: Bun.which("setpriv") ?? "", command: become };
      const isOther = who !== "root" && process.geteuid?.() === 0;
      await using server = await startServer({ home: folder.path, ...(isOther ? asOther : {}) });
      using socket = await openRawSocket(server.url, server.token);
      const events: RawEvent[] = [];
      socket.onEvent = (event) => void events.push(event);
      await socket.call("events.subscribe", { pattern: "plugin.**" });
      for (const id of ["attacks", "vowels", "network", "files"]) await socket.call("plugins.approve", { id });

      expect(await use(socket, "count_vowels", "Hello, World!")).toBe(
        'ok: {"count":3,"total":3,"vowels":"aeiouAEIOU"}',
      );
      expect(await use(socket, "ok")).toBe("ok: 100000007");
      const before = residentOf(server.pid);
      const results = new Map<string, string>();
      for (const name of attacks.slice(1)) {
        results.set(name, await use(socket, name));
        expect(await use(socket, "ok")).toBe("ok: 100000007");
      }
      expect(Object.fromEntries(results)).toMatchObject({
        spin: expect.stringContaining('Plugin "attacks" gave no answer within 1000 ms and was ended'),
        trap: expect.stringContaining("trapped: Unreachable code should not be executed"),
        deep: expect.stringContaining("its calls went too deep"),
        grow: "ok: 100001009",
        alloc_large: expect.stringContaining("The module is over its memory limit"),
        huge: expect.stringContaining("Its answer is larger than 8388608 bytes"),
        flood: "ok: [no result]",
        nope: expect.stringContaining('The module exports no function "nope"'),
      });
      expect(residentOf(server.pid) - before).toBeLessThan(64);

      const allowed = JSON.stringify({ url: `http://127.0.0.1:${http.port}/` });
      expect(await use(socket, "fetch", allowed)).toBe("ok: from the network");
      for (const url of [
        "http://127.0.0.1:1/",
        "https://example.com/",
        `http://localhost:${http.port}/`,
        "file:///etc/passwd",
      ]) {
        expect(await use(socket, "fetch", JSON.stringify({ url }))).toStartWith("failed: ");
      }

      expect(await use(socket, "read_4", "a.txt")).toBe("ok: text of a");
      expect(await use(socket, "write_3", "new.txt")).toBe("ok: 100");
      expect(readFileSync(join(files, "output/new.txt"), "utf8")).toBe("nnew.txt");
      await symlink("/etc/passwd", join(files, "output/link"));
      for (const path of ["/etc/passwd", "../../../config.toml", "link", "../plugin.wasm"]) {
        expect(await use(socket, "read_3", path)).toBe("ok: 176");
      }
      expect(await use(socket, "write_4", "a.txt")).toBe("ok: 176");
      expect(await use(socket, "socket")).toBe("ok: 158");

      const denied = events.filter(({ topic }) => topic === "plugin.denied").map(({ data }) => data);
      expect(new Set(denied.map(({ kind }) => kind))).toEqual(new Set(["network", "filesystem"]));
      expect(await socket.call<object>("plugins.get", { id: "files" })).toMatchObject({
        kind: "wasm",
        sandbox: "kernel",
      });
    },
    60_000,
  );
}

/** Megabytes. */
function residentOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}
