/** The widget that the executable carries: its script, and a visitor of another origin in a real Chromium. */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { answeredInWidget, hostPage, openWidget, sayInWidget } from "../browser/host-page.ts";
import { findChromium, openPage } from "../browser/page.ts";
import { runExecutable, startServer, testExecutable, testExecutableIf } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { startOpenAiFake } from "../support/providers/openai.ts";

const LONG_MS = 90_000;

testExecutable(
  "the executable serves the widget to every page, small and once",
  async () => {
    await using folder = await testFolder();
    await using server = await startServer({ home: folder.path });
    const foreign = { origin: "https://shop.example", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
    const answer = await fetch(`${server.url}/widget.js`, { headers: foreign });
    const headers = ["content-type", "cross-origin-resource-policy", "access-control-allow-origin", "cache-control"];
    expect([answer.status, ...headers.map((name) => answer.headers.get(name))]).toEqual([
      200,
      "text/javascript;charset=utf-8",
      "cross-origin",
      "*",
      "public, max-age=600",
    ]);
    const script = await answer.text();
    expect(script).not.toMatch(/\bimport\b\s*[("']|sourceMappingURL/);
    expect(Bun.gzipSync(script).byteLength).toBeLessThan(30 * 1024);
    const again = await fetch(`${server.url}/widget.js`, {
      headers: { ...foreign, "if-none-match": answer.headers.get("etag")! },
    });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const other = await fetch(`${server.url}/`, { headers: foreign });
    expect([other.status, other.headers.get("access-control-allow-origin")]).toEqual([403, null]);
  },
  LONG_MS,
);

const chromium = findChromium();
testExecutableIf(chromium !== undefined || process.env.ALEPH_REQUIRE_BROWSER === "1")(
  "the executable answers a visitor with the tag that its command line printed",
  async () => {
    if (chromium === undefined) throw new Error("No Chromium found, and ALEPH_REQUIRE_BROWSER is 1");
    await using folder = await testFolder();
    await using fake = startOpenAiFake({ models: ["m"] });
    const provider = `[providers.fake]\ntype = "openai-compatible"\nbase_url = "${fake.url}"\napi_key = "k"\nmodels = ["m"]\n`;
    writeFileSync(join(folder.path, "config.toml"), `${provider}\n[models]\ndefault = "fake/m"\n`, { mode: 0o600 });
    await using server = await startServer({ home: folder.path });
    await using site = hostPage();
    const { code, stdout } = await runExecutable({
      home: folder.path,
      args: ["invites", "create", "--widget", "--origin", site.origin],
    });
    expect([code, stdout]).toEqual([0, expect.stringContaining(`<script src="${server.url}/widget.js"`)]);
    const [, invite] = /data-invite="(aleph_inv_[\w-]+)"/.exec(stdout)!;
    site.carry(server, { attributes: { "data-invite": invite! } });
    fake.reply("Hello **from the executable**");
    using page = await openPage(chromium);
    await page.open(`${site.origin}/`);
    await openWidget(page);
    await sayInWidget(page, "hi");
    await answeredInWidget(page, "Hello from the executable");
    expect(page.complaints).toEqual([]);
  },
  LONG_MS,
);
