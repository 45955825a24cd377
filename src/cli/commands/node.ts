/** `aleph-server node`: this machine works for a center, until a signal or the center ends it. */
import { hostname } from "node:os";
import { openConfig } from "../../config/config.ts";
import { ensureHome } from "../../config/home.ts";
import { claimHome } from "../../config/instance.ts";
import { createLog, formatLogLine } from "../../lib/log.ts";
import { AlephError } from "../../protocol/errors.ts";
import { toSocketUrl } from "../address.ts";
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { homeFlags, homeOf } from "../flags.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

export const node = defineCommand({
  summary: "Let this machine work for another Aleph, as a node of its cluster",
  details:
    "Dials out to the center, shows a code that an operator there approves, and then does what it is asked. It keeps a key and a folder to work in, no database and no model. What it lets be done stands in config.toml of its home: [node], [exec] and [tools.browser]. Only stricter than the center's is possible.",
  args: {
    center: { type: "string", required: true, valueHint: "url", description: "the center, such as ws://box:18790/ws" },
    name: { type: "string", valueHint: "name", description: "what it is called there; the host's name if left out" },
    tag: {
      type: "string",
      valueHint: "tag",
      description: "to choose nodes by; may be given several times",
      repeatable: true,
    },
    ...homeFlags,
  },
  examples: [
    [
      "aleph-server node --center http://box:18790 --name builder --tag linux --tag gpu",
      "asks to be let in, then works",
    ],
    ["aleph nodes approve CODE", "on the center: lets it in"],
  ],
  async run(args, { env, terminal, all }) {
    const center = toSocketUrl(args.center);
    const name = checkName("--name", args.name ?? hostname().replace(/[^A-Za-z0-9_.-]/g, "-"));
    const tags = all("tag").map((tag) => checkName("--tag", tag));
    const home = homeOf(args, env);
    ensureHome(home);
    using claim = await claimHome(home);
    const say = (text: string) => terminal.err.write(`${text}\n`);
    const log = createLog({
      write: (entry) => say(formatLogLine(entry)),
      level: () => "warn",
      now: Date.now,
    });
    const config = await openConfig({ home, env, log });
    await using _watch = config.watch({});
    claim.announce({ pid: process.pid, instance_id: name, started_at: Date.now() });
    const stop = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop.abort());
    const { runNode } = await import("../../cluster/node.ts");
    let shown = "";
    await runNode(
      {
        home,
        env,
        config,
        center,
        name,
        tags,
        log,
        onState(state) {
          if (state.kind === "waiting" && state.code !== shown) {
            shown = state.code;
            say(`Waiting to be let in with the code ${state.code}. On the center: aleph nodes approve ${state.code}`);
          } else if (state.kind === "connected") {
            say(`Node "${name}" works for ${args.center} (id ${state.nodeId})`);
          } else if (state.kind === "disconnected") {
            say(`No connection: ${state.why}. Next try in ${state.retryInMs} ms`);
          }
        },
      },
      stop.signal,
    );
    return EXIT.ok;
  },
});

function checkName(option: string, value: string): string {
  if (NAME.test(value)) return value;
  throw new AlephError("invalid_params", `${option} ${JSON.stringify(value)} must be letters, digits, . _ or -`);
}
