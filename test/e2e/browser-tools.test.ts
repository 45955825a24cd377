/** The executable's browser: it drives a page, refuses its own port, and ends with the server, however that ends. */
import { expect } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "../../src/client/client.ts";
import { openWebSocket } from "../../src/client/transport.ts";
import { findChromium } from "../browser/page.ts";
import { html } from "../support/browser-site.ts";
import { startServer, testExecutableIf } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";

const isPossible = findChromium() !== undefined || process.env.ALEPH_REQUIRE_BROWSER === "1";

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  testExecutableIf(isPossible)(
    `the executable drives a browser that reaches no private port and ends with it (${signal})`,
    async () => {
      using site = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => html("<button>Go</button>") });
      await using home = await testFolder();
      await Bun.write(join(home.path, "config.toml"), `[tools.browser]\nallow_hosts = ["127.0.0.1:${site.port}"]\n`);
      await using server = await startServer({ home: home.path });
      await using client = await connect({
        open: () => openWebSocket(`${server.url.replace("http", "ws")}/ws`),
        credentials: () => ({ token: server.token }),
        client: { id: "test" },
      });
      const opened = await client.call("browser.navigate", { url: `http://127.0.0.1:${site.port}/` });
      expect(opened.result).toContain('button "Go" [e1]');
      const script = `fetch("${server.url}/health").then((answer) => answer.text(), () => "failed")`;
      expect((await client.call("browser.evaluate", { script })).result).toEndWith('Result: "failed"');
      expect(await client.call("browser.navigate", { url: server.url }).catch((error: unknown) => error)).toMatchObject(
        {
          reason: "approval_denied",
        },
      );
      const profiles = join(home.path, "run/browsers");
      const [profile = "none"] = await readdir(profiles);
      expect(await processesWith(profile)).toBeGreaterThan(0);
      server.kill(signal);
      await server.finished;
      await until(async () => (await processesWith(profile)) === 0);
      if (signal === "SIGTERM") expect(await readdir(profiles)).toEqual([]);
    },
    60_000,
  );
}

async function processesWith(word: string): Promise<number> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  // Some have ended since.
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return lines.filter((line) => line.includes(word)).length;
}
