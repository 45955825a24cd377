import { expect, test } from "bun:test";
import { runCli } from "../../support/cli.ts";
import { conversation } from "../../support/conversation.ts";
import { until } from "../../support/until.ts";
import { startTaker } from "../../support/webhooks.ts";

const LONG_MS = 60_000;

test(
  "webhooks shows what there is, tries it, and tries again what was given up",
  async () => {
    let status = 200;
    await using taker = startTaker(() => new Response(null, { status }));
    const app = await conversation({
      config: {
        webhooks: {
          in: { github: { token: "a-token-of-its-own", message: "Issue: {{issue.title}}" } },
          out: { ci: { url: taker.url, events: ["session.created"] } },
        },
        hooks: [{ event: "agent.error", command: "true", enabled: false }],
      },
    });
    await using _ = app;
    const run = (...words: string[]) => runCli(["webhooks", ...words], { home: app.home.path });
    const { stdout } = await run();
    expect(stdout.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["KIND", "NAME", "WHERE", "STATE"],
      ["in", "github", "/hooks/github", "nothing came, 0 refused"],
      ["out", "ci", `http://127.0.0.1:${taker.port} session.created`, "0 waiting, 0 given up"],
      ["hook", "agent.error", "true", "off"],
      [""],
    ]);
    expect(await run("test", "github", '{"issue": {"title": "It breaks"}}')).toEqual({
      code: 0,
      stdout: "Issue: It breaks\n",
      stderr: "",
    });
    expect(await run("test", "ci")).toMatchObject({ code: 0, stderr: expect.stringContaining("ci took it in") });
    status = 410;
    const refused = await run("test", "ci");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("it answers with status 410")]);
    await app.client.call("session.create", { session_key: "agent:main:chat:a" });
    await until(async () => (await app.client.call("webhooks.list", {})).out[0]!.dead === 1, LONG_MS);
    expect((await run("list")).stderr).toBe("ci did not take session.created (1 tries): it answers with status 410\n");
    status = 200;
    expect(await run("retry", "ci")).toEqual({ code: 0, stdout: "", stderr: "1 events are tried again\n" });
    expect((await run("test", "ci", "{")).stderr).toContain("The payload is not JSON");
  },
  LONG_MS,
);
