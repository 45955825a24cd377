/** The plugins that come with Aleph, and one that a person makes, used on the command line of the compiled executable. */
import { expect } from "bun:test";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { runExecutable, startServer, testExecutable } from "../support/executable.ts";
import { testFolder } from "../support/folder.ts";
import { DELIVERIES, delivery } from "../support/github-deliveries.ts";
import { fakeLlama } from "../support/llama-cpp.ts";
import { fakeSlack, SLACK } from "../support/slack.ts";
import { until } from "../support/until.ts";

const SECRET = "s3cret";

/** A server, a folder to work in, and the command line there. */
async function desk(config = "") {
  await using stack = new AsyncDisposableStack();
  const home = stack.use(await testFolder()).path;
  const work = stack.use(await testFolder()).path;
  await Bun.write(join(home, "config.toml"), config);
  const env = { SLACK_BOT_TOKEN: SLACK.botToken, SLACK_APP_TOKEN: SLACK.appToken, GITHUB_WEBHOOK_SECRET: SECRET };
  const server = stack.use(await startServer({ home, env }));
  const aleph = async (...args: string[]) => {
    const { code, stdout, stderr } = await runExecutable({ home, cwd: work, args });
    return { code, stdout, stderr, all: stdout + stderr };
  };
  const edit = async (path: string, ...changes: (readonly [string | RegExp, string])[]) => {
    let text = await Bun.file(join(work, path)).text();
    for (const [from, to] of changes) {
      expect(text).toMatch(from);
      text = text.replace(from, to);
    }
    await Bun.write(join(work, path), text);
  };
  const owned = stack.move();
  return {
    home,
    server,
    aleph,
    edit,
    /** As their READMEs tell, for another address than the usual one. */
    async copyBundled(id: string, origin: string) {
      const { path } = JSON.parse((await aleph("plugins", "get", id, "--json")).stdout);
      await cp(path, join(work, `my-${id}`), { recursive: true });
      await edit(
        `my-${id}/aleph_plugin.toml`,
        [`id = "${id}"`, `id = "my-${id}"`],
        ["network = [", `network = ["connect:${origin}", `],
      );
      return aleph("plugins", "install", `./my-${id}`, "--yes");
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

testExecutable(
  "the executable carries its plugins, off until they are enabled",
  async () => {
    await using d = await desk();
    const { plugins } = JSON.parse((await d.aleph("plugins", "--json")).stdout);
    const shown = plugins.map(({ id, status, source }: Record<string, string>) => [id, status, source]);
    const names = ["code-style", "github-webhook", "llama-cpp", "slack", "text-statistics"];
    expect(shown).toEqual(names.map((id) => [id, "disabled", "bundled"]));
    const enabled = await d.aleph("plugins", "enable", "slack");
    expect(enabled.all).toContain("• May connect to hooks.slack.com over https\n");
    expect(enabled.all).toMatch(/slack waits for your approval: \S+ plugins approve slack\n$/);
    expect((await d.aleph("plugins", "enable", "text-statistics", "--yes")).all).toBe("Switched on: text-statistics\n");
    const counted = await d.aleph("chat", 'call text_statistics {"input":"One two."}');
    expect(counted.all).toContain('"words":2');
  },
  60_000,
);

testExecutable(
  "a plugin that was made, changed and removed is used in a conversation",
  async () => {
    await using weather = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => Response.json({ place: new URL(request.url).searchParams.get("q"), sky: "rain" }),
    }) as unknown as AsyncDisposable & { port: number };
    const origin = `http://127.0.0.1:${weather.port}`;
    await using d = await desk();
    expect((await d.aleph("plugins", "init", "weather")).code).toBe(0);
    await d.edit("weather/src/index.ts", [/\(\{ greeting: .* \}\)/, `(await fetch("${origin}/?q=" + name)).json()`]);
    expect((await d.aleph("plugins", "install", "./weather", "--yes")).all).toContain("Installed weather 0.1.0\n");
    // What was not asked for is not allowed.
    const ask = (session: string) =>
      d.aleph("chat", "--session", `agent:main:${session}`, 'call weather_greet {"name":"Rome"}');
    expect((await ask("one")).all).toContain("is not among the hosts that the plugin may connect to");
    await d.edit("weather/aleph_plugin.toml", ["network = []", `network = ["connect:${origin}"]`], ["0.1.0", "0.2.0"]);
    const wider = await d.aleph("plugins", "install", "weather");
    expect(wider.all).toContain("Installed weather 0.2.0; it waits for approval");
    expect((await ask("two")).all).toContain("is not among the hosts");
    expect((await d.aleph("plugins", "approve", "weather", "--yes")).all).toBe("Approved weather 0.2.0\n");
    expect((await ask("three")).all).toContain('> {"place":"Rome","sky":"rain"}');
    expect((await d.aleph("chat", "/ping")).stdout).toBe("pong\n");
    expect((await d.aleph("plugins", "get", "weather")).stdout).toMatch(
      /DENIED .*\nnetwork +http:\/\/127\.0\.0\.1:\d+ +2 /,
    );
    expect((await d.aleph("plugins", "uninstall", "weather", "--yes")).all).toBe("Removed weather\n");
    expect((await ask("four")).all).toContain("This session has no tool `weather_greet`");
  },
  60_000,
);

testExecutable(
  "slack of the executable answers a person, and nobody else",
  async () => {
    await using slack = fakeSlack();
    await using d = await desk(
      `[interfaces.slack]\nallow_from = ["${SLACK.owner}"]\nbot_token = "env:SLACK_BOT_TOKEN"\napp_token = "env:SLACK_APP_TOKEN"\napi_root = "${slack.apiRoot}"\n`,
    );
    // As it is carried it reaches Slack and nothing else.
    await d.aleph("plugins", "enable", "slack", "--yes");
    const denied = await until(async () => {
      const { denials } = JSON.parse((await d.aleph("plugins", "get", "slack", "--json")).stdout);
      return denials.length > 0 && denials;
    });
    expect([denied[0], slack.calls]).toMatchObject([{ kind: "network", target: slack.url }, []]);
    await d.aleph("plugins", "disable", "slack");
    expect((await d.copyBundled("slack", slack.url)).all).toContain("Installed my-slack 1.0.0\n");
    await until(() => slack.connections().open === 1);
    await slack.write("demo time", { user: SLACK.stranger });
    const [code] = await slack.posted(1);
    expect(code?.text).toContain("aleph pairing approve ");
    await slack.write("demo time");
    await slack.command("help").acknowledged.promise;
    const [, message] = await slack.posted(2);
    expect(message?.channel).toBe(SLACK.dm);
    // It is shown while it grows.
    await until(() => message?.text.includes("Unix time"));
    const react = ["interfaces", "react", "slack", SLACK.dm, `${SLACK.dm}:${message?.ts}`];
    expect((await d.aleph(...react, "👀")).code).toBe(0);
    expect([...slack.reactions.values()]).toEqual([new Set(["eyes"])]);
    expect((await d.aleph(...react)).code).toBe(0);
    expect([...slack.reactions.values()]).toEqual([new Set()]);
    await until(() => slack.answers.length === 1);
    expect(slack.answers[0]?.text).toContain("I am the demo provider of Aleph");
    const { ts } = await slack.write(`<@${SLACK.bot}> demo time`, { channel: SLACK.channel });
    expect((await slack.posted(3))[2]).toMatchObject({ channel: SLACK.channel, thread_ts: ts });
    const file = slack.keep("plan.txt", new TextEncoder().encode("Tomorrow"), { mimetype: "text/plain" });
    await slack.write("", { subtype: "file_share", files: [file] });
    await slack.posted(4);
    const asked = JSON.stringify({ session_key: `agent:main:slack:dm:${SLACK.owner}` });
    expect((await d.aleph("rpc", "session.history", asked)).stdout).toContain("plan.txt");
    await Bun.write(join(d.home, "workspaces", "main", "notes.txt"), "secret sauce");
    await slack.write('call send_file {"path":"notes.txt"}');
    expect((await slack.posted(6))[5]).toMatchObject({
      channel: SLACK.dm,
      files: { "notes.txt": new TextEncoder().encode("secret sauce") },
    });
    const status = await d.aleph("rpc", "interface.status", '{"interface":"slack"}');
    expect(JSON.parse(status.stdout)).toMatchObject({ state: "running", refused: 1 });
  },
  60_000,
);

testExecutable(
  "llama-cpp and github-webhook of the executable work with what is signed and what answers",
  async () => {
    await using llama = fakeLlama();
    await using d = await desk(`[providers.local-llama]\ntype = "local-llama"\nbase_url = "${llama.url}"\n`);
    expect((await d.copyBundled("llama-cpp", llama.url)).code).toBe(0);
    expect((await d.aleph("models", "list")).stdout).toContain("local-llama/Qwen3-4B-Instruct-Q4_K_M");
    const said = await d.aleph("chat", "--model", "local-llama/Qwen3-4B-Instruct-Q4_K_M", "Hello");
    expect([said.code, said.stdout.trim()]).toEqual([0, "Hello there"]);
    await d.aleph("plugins", "enable", "github-webhook", "--yes");
    const post = async (secret: string) =>
      (await fetch(`${d.server.url}/plugins/github-webhook/webhook`, delivery("push", DELIVERIES.push, { secret })))
        .status;
    expect([await post("wrong"), await post(SECRET), await post(SECRET)]).toEqual([401, 202, 200]);
    expect((await d.aleph("chat", "/github")).stdout).toContain(
      "acme/site: push of 1 commit to a branch by octocat: main",
    );
  },
  60_000,
);
