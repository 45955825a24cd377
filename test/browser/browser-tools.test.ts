/** The browser tools on a real Chromium and a local site. */
import { expect } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { imageType } from "../../src/lib/image-type.ts";
import { browserClick } from "../../src/tools/browser-click/browser-click.ts";
import { browserDownload } from "../../src/tools/browser-download/browser-download.ts";
import { browserEvaluate } from "../../src/tools/browser-evaluate/browser-evaluate.ts";
import { browserNavigate } from "../../src/tools/browser-navigate/browser-navigate.ts";
import { browserScreenshot } from "../../src/tools/browser-screenshot/browser-screenshot.ts";
import { browserSnapshot } from "../../src/tools/browser-snapshot/browser-snapshot.ts";
import { browserTabs } from "../../src/tools/browser-tabs/browser-tabs.ts";
import { browserType } from "../../src/tools/browser-type/browser-type.ts";
import { browserUpload } from "../../src/tools/browser-upload/browser-upload.ts";
import { browserSite, html } from "../support/browser-site.ts";
import { prepareCall, refusalOf } from "../support/tool-call.ts";
import { until } from "../support/until.ts";
import { browserTest } from "./page.ts";

const FORM = `<h1>Order</h1>
<form action="/sent" method="get">
  <label>Name <input name="name" value="nobody"></label>
  <label>Day <input name="day" type="date"></label>
  <label>Size <select name="size"><option value="s">small</option><option value="l">large</option></select></label>
  <label><input type="checkbox" name="gift" value="yes"> as a gift</label>
  <label>Note <textarea name="note"></textarea></label>
  <button>Send</button>
</form>`;

const refOf = (text: string, line: RegExp): string =>
  /\[(e\d+)\]/.exec(text.split("\n").find((each) => line.test(each)) ?? "")?.[1] ?? "none";

browserTest("the browser tools fill in a form, follow where it leads, look at it and go back", async () => {
  await using site = await browserSite({
    answers(request) {
      const { pathname, search } = new URL(request.url);
      if (pathname === "/sent") return Response.redirect(`/thanks${search}`, 303);
      if (pathname === "/thanks")
        return html(`<h1>Thanks</h1><p>${decodeURIComponent(search).replaceAll("&", "; ")}</p>`);
      return html(FORM);
    },
  });
  const opened = await site.call(browserNavigate, { url: `${site.url}/` });
  expect(opened).toMatchObject({ ok: true, untrusted: true });
  expect(opened.text).toStartWith(`Tab: t1\nURL: ${site.url}/\nTitle: Test\n\n- heading 1 "Order"`);
  const at = (line: RegExp) => refOf(opened.text, line);
  await site.call(browserType, { selector: at(/textbox "Name"/), text: "Ada" });
  const typed = await site.call(browserType, { selector: "select", text: "large" });
  await site.call(browserType, { selector: "[name=day]", text: "2026-01-02" });
  await site.call(browserType, { selector: "textarea", text: "ring\ntwice" });
  await site.call(browserClick, { selector: refOf(typed.text, /checkbox/) });
  const sent = await site.call(browserClick, { selector: "button" });
  expect(sent.text).toContain(`URL: ${site.url}/thanks?`);
  expect(sent.text).toContain('heading 1 "Thanks"');
  expect(sent.text).toContain(
    "?name=Ada; day=2026-01-02; size=l; gift=yes; note=ring%0D%0Atwice".replaceAll("%0D%0A", " "),
  );

  const back = await site.call(browserNavigate, { back: true });
  expect(back.text).toContain(`URL: ${site.url}/\n`);
  expect(await refusalOf(site.call(browserClick, { selector: at(/button/) }))).toBe(
    `not_found: There is no "${at(/button/)}" on the page now`,
  );
  expect(await refusalOf(site.call(browserClick, { selector: "#none" }))).toBe(
    'not_found: Nothing on the page matches "#none"',
  );
  expect(await refusalOf(site.call(browserClick, { selector: "][" }))).toStartWith("invalid_params: ");

  const { text: value } = await site.call(browserEvaluate, { script: "({ sum: 1 + 1, title: document.title })" });
  expect(value).toEndWith('Result: {"sum":2,"title":"Test"}');
  const { text: awaited } = await site.call(browserEvaluate, { script: "const a = await Promise.resolve(3); a + 1" });
  expect(awaited).toEndWith("Result: 4");
  expect(await refusalOf(site.call(browserEvaluate, { script: "throw new Error('no')" }))).toStartWith(
    "conflict: The script failed: Error: no",
  );

  const picture = await site.call(browserScreenshot, {});
  expect(picture).toMatchObject({ ok: true, untrusted: true, media: [{ mime: "image/jpeg" }] });
  expect(picture.text).toEndWith("Picture: 1280 x 800");
  expect(imageType((await site.media.get(picture.media![0]!.media_id)).bytes)).toBe("image/jpeg");
  const part = await site.call(browserScreenshot, { selector: "h1" });
  expect(part.text).toMatch(/Picture: \d+ x \d\d$/);
  expect(site.reached).toEqual([]);
  expect([...new Set(site.lookups)]).toEqual(["site.test"]);
});

browserTest("the browser tools save downloads under safe names, and lend a file to a page", async () => {
  await using site = await browserSite({
    async answers(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/file") {
        return new Response("content", {
          headers: { "content-disposition": 'attachment; filename="../../.ba$(id)shrc.txt"' },
        });
      }
      if (pathname === "/upload") {
        const file = (await request.formData()).get("file") as File;
        return html(`<p>got ${file.name}: ${await file.text()}</p>`);
      }
      return html(`<a href="/file">get</a>
        <form action="/upload" method="post" enctype="multipart/form-data"><input type="file" name="file"><button>Send</button></form>`);
    },
  });
  await site.call(browserNavigate, { url: site.url });
  await site.call(browserClick, { selector: "a" });
  await until(() => site.browsers.downloads("agent:main:main")?.all[0]?.state === "done");
  expect((await site.call(browserDownload, {})).text).toMatch(/^d1: [^/\\]*shrc\.txt, done, 7 bytes, from /);
  const first = await site.call(browserDownload, { download: "d1" });
  const second = await site.call(browserDownload, { download: "d1" });
  expect([first.text, second.text].map((text) => /^Saved downloads\/[\w.() ]+ \(7 bytes\)$/.test(text))).toEqual([
    true,
    true,
  ]);
  const saved = await readdir(join(site.workspace.path, "downloads"));
  expect(saved).toHaveLength(2);
  expect(await Bun.file(join(site.workspace.path, "downloads", saved[0]!)).text()).toBe("content");
  expect(await refusalOf(site.call(browserDownload, { download: "d9" }))).toBe('not_found: There is no download "d9"');

  await site.workspace.write("letter.txt", "dear reader");
  await site.call(browserUpload, { selector: "[type=file]", path: "letter.txt" });
  expect((await site.call(browserClick, { selector: "button" })).text).toContain("got letter.txt: dear reader");
  await site.call(browserNavigate, { url: site.url });
  const upload = { selector: "[type=file]", path: "letter.txt" };
  const judged = await prepareCall(browserUpload, site.needs, upload, site.workspace.context());
  await site.workspace.write("letter.txt", "DEAR READER");
  const other = await prepareCall(browserUpload, site.needs, upload, site.workspace.context());
  expect([judged.plan.size, other.plan.sha256 === judged.plan.sha256]).toEqual([other.plan.size, false]);
  expect(await refusalOf(judged.run())).toBe('conflict: "letter.txt" has changed since it was judged');
  expect(await refusalOf(site.call(browserUpload, { selector: "button", path: "letter.txt" }))).toBe(
    'invalid_params: "button" takes no files',
  );
  expect(await refusalOf(site.call(browserUpload, { selector: "[type=file]", path: "../x" }))).toStartWith(
    "forbidden: ",
  );
  expect(await refusalOf(site.call(browserType, { selector: "[type=file]", text: "/etc/passwd" }))).toStartWith(
    "invalid_params: ",
  );
});

browserTest("browser_tabs lists, opens, selects and closes; popups are tabs, and no more than may be", async () => {
  await using site = await browserSite({
    maxTabs: 3,
    answers: (request) => html(`<h1>${new URL(request.url).pathname}</h1><a href="/new" target="_blank">open</a>`),
  });
  await site.call(browserNavigate, { url: `${site.url}/one` });
  await site.call(browserClick, { selector: "a" });
  const url = async (id: string) =>
    (await site.call(browserTabs, { action: "list" })).text.match(new RegExp(`^${id}.*: (.*)$`, "m"))?.[1];
  await until(async () => (await url("t2")) === `${site.url}/new`);
  expect((await site.call(browserTabs, { action: "select", tab: "t2" })).text).toContain("t2 (open)");
  expect((await site.call(browserSnapshot, {})).text).toContain('heading 1 "/new"');
  await site.call(browserTabs, { action: "open" });
  expect(await refusalOf(site.call(browserTabs, { action: "open" }))).toBe("conflict: There are 3 tabs already");
  expect((await site.call(browserTabs, { action: "close" })).text).not.toContain("t3");
  expect(await refusalOf(site.call(browserTabs, { action: "select", tab: "t3" }))).toBe(
    'not_found: There is no tab "t3"',
  );
  expect(await site.call(browserTabs, { action: "close_all" })).toEqual({ ok: true, text: "The browser has ended" });
  expect(await site.call(browserTabs, { action: "close_all" })).toEqual({ ok: true, text: "No browser was open" });
  expect(await readdir(site.profiles)).toEqual([]);
  expect(await refusalOf(site.call(browserClick, { selector: "a" }))).toBe("conflict: No page is open");
});

browserTest("each session has a browser and a profile of its own, readable by nobody else, gone with it", async () => {
  await using site = await browserSite({
    answers: (request) =>
      html(
        `<p>cookie: ${request.headers.get("cookie")}</p><script>document.cookie = "who=first"; localStorage.who = "first"</script>`,
      ),
  });
  const other = { sessionKey: "agent:main:cron:other" };
  await site.call(browserNavigate, { url: site.url });
  expect((await site.call(browserNavigate, { url: site.url })).text).toContain("cookie: who=first");
  expect((await site.call(browserNavigate, { url: site.url }, other)).text).toContain("cookie: null");
  const profiles = await readdir(site.profiles);
  expect(profiles).toHaveLength(2);
  const { mode } = await Bun.file(join(site.profiles, profiles[0]!)).stat();
  expect(mode & 0o777).toBe(0o700);
  await site.browsers.end("agent:main:main");
  expect(await readdir(site.profiles)).toHaveLength(1);
  expect((await site.call(browserNavigate, { url: site.url })).text).toContain("cookie: null");
});

browserTest("a browser that nobody uses is ended, with all that it kept", async () => {
  await using site = await browserSite({ idleMs: 200, answers: () => html("<p>hello</p>") });
  await site.call(browserNavigate, { url: site.url });
  await until(async () => (await readdir(site.profiles)).length === 0);
  expect((await site.call(browserNavigate, { url: site.url })).text).toContain("hello");
});

browserTest("a browser that was killed is noticed, and the next call has a new one", async () => {
  await using site = await browserSite({ answers: () => html("<p>hello</p>") });
  await site.call(browserNavigate, { url: site.url });
  const [profile] = await readdir(site.profiles);
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map(
      async (pid) =>
        [
          pid,
          await Bun.file(`/proc/${pid}/cmdline`)
            .text()
            .catch(() => ""),
        ] as const,
    ),
  );
  const browser = lines.filter(([, line]) => line.includes(profile!) && !line.includes("--type="));
  for (const [pid] of browser) process.kill(Number(pid), "SIGKILL");
  const text = await until(() =>
    site
      .call(browserNavigate, { url: site.url })
      .then(({ text }) => text)
      .catch(() => undefined),
  );
  expect(text).toContain("hello");
  expect(await readdir(site.profiles)).toHaveLength(1);
});

browserTest("what acts on a page is outward, names its site, and acts on no other", async () => {
  await using site = await browserSite({ answers: () => html("<a href='/x'>x</a>") });
  await site.call(browserNavigate, { url: site.url });
  const context = site.workspace.context();
  for (const [tool, input] of [
    [browserNavigate, { url: `${site.url}/y` }],
    [browserClick, { selector: "a" }],
    [browserType, { press: "Enter" }],
    [browserEvaluate, { script: "1" }],
  ] as const) {
    expect(await prepareCall(tool, site.needs, input, context)).toMatchObject({ tier: "allow", outward: true });
  }
  expect((await prepareCall(browserEvaluate, site.needs, { script: "1" }, context)).untrusted).toBe(true);
  const click = await prepareCall(browserClick, site.needs, { selector: "a" }, context);
  expect([click.plan, click.pattern]).toEqual([
    { site: site.url, click: "a" },
    { site: site.url, does: "click on its pages" },
  ]);
  await site.call(browserTabs, { action: "open" });
  expect(await refusalOf(click.run())).toBe(`conflict: The page is one of no site now, not of ${site.url} any more`);
  for (const input of [{}, { url: site.url, back: true }]) {
    expect(await refusalOf(prepareCall(browserNavigate, site.needs, input, context))).toStartWith("invalid_params: ");
  }
  for (const input of [{}, { text: "x" }, { selector: "a" }]) {
    expect(await refusalOf(prepareCall(browserType, site.needs, input, context))).toStartWith("invalid_params: ");
  }
});

browserTest("Browsers are four at a time, also when they start at once", async () => {
  await using site = await browserSite({ answers: () => html("hello"), timeoutMs: 60_000 });
  const open = (sessionKey: string) => site.call(browserNavigate, { url: site.url }, { sessionKey });
  const keys = ["a", "b", "c", "d", "e"].map((name) => `agent:main:${name}`);
  const ended = await Promise.all(keys.map((key) => open(key).then(() => "opened", String)));
  expect(ended.toSorted()).toEqual([
    "AlephError: 4 browsers are at work already",
    ...Array.from({ length: 4 }, () => "opened"),
  ]);
  expect(await readdir(site.profiles)).toHaveLength(4);
  await open(keys[ended.findIndex((end) => end !== "opened")]!);
  expect(await readdir(site.profiles)).toHaveLength(4);
});
