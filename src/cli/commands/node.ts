/** `aleph-server node`: this machine works for a center, until a signal or the center ends it. */
import { hostname } from "node:os";
import { toSocketUrl } from "../../client/address.ts";
import { keepPinned, readPinned } from "../../cluster/pinned-center.ts";
import { openConfig } from "../../config/config.ts";
import { ensureHome, type Home } from "../../config/home.ts";
import { claimHome } from "../../config/instance.ts";
import { createLog, formatLogLine } from "../../lib/log.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineCommand } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { homeFlags, homeOf } from "../flags.ts";
import type { Terminal } from "../terminal.ts";

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
    fingerprint: {
      type: "string",
      valueHint: "sha256",
      description:
        "the center's certificate has this fingerprint, whoever made it; remembered, and no other one counts",
    },
    ...homeFlags,
  },
  examples: [
    [
      "aleph-server node --center http://box:18790 --name builder --tag linux --tag gpu",
      "asks to be let in, then works",
    ],
    ["aleph-server node --center wss://box:18790/ws --fingerprint AB:CD:…", "a center with a certificate of its own"],
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
    const certificate = await certificateOf({ home, center, wanted: args.fingerprint, terminal });
    const config = await openConfig({ home, env, log });
    await using _watch = config.watch({});
    claim.announce({ pid: process.pid, instance_id: name, started_at: Date.now() });
    const stop = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop.abort());
    const { runNode } = await import("../../cluster/node.ts");
    let shown = "";
    let isHinted = !center.startsWith("wss:");
    await runNode(
      {
        home,
        env,
        config,
        center,
        certificate,
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
            if (isHinted) return;
            isHinted = true;
            const only = certificate
              ? "Only the certificate that is known of it counts"
              : "Its certificate must be trusted";
            say(`${only}; to name another one: --fingerprint SHA256`);
          }
        },
      },
      stop.signal,
    );
    return EXIT.ok;
  },
});

interface Asked {
  readonly home: Home;
  readonly center: string;
  readonly wanted: string | undefined;
  readonly terminal: Terminal;
}

/** What is known of the center, or what it shows now and somebody says is right; undefined: what the system trusts. */
async function certificateOf({ home, center, wanted, terminal }: Asked): Promise<string | undefined> {
  const { chooseCertificate, fingerprintOf, sameFingerprint } = await import("../certificate.ts");
  const known = center.startsWith("wss:") ? readPinned(home, center) : undefined;
  // Nobody is asked again: the center may be away just now.
  if (known && (wanted === undefined || sameFingerprint(wanted, fingerprintOf(known)))) return known;
  try {
    const certificate = await chooseCertificate(center, wanted, terminal);
    if (certificate) keepPinned(home, center, certificate);
    return certificate;
  } catch (thrown) {
    if (wanted !== undefined || !(thrown instanceof AlephError) || thrown.reason !== "not_found") throw thrown;
    // It is not there yet: whatever comes later must be one that the system trusts.
    return undefined;
  }
}

function checkName(option: string, value: string): string {
  if (NAME.test(value)) return value;
  throw new AlephError("invalid_params", `${option} ${JSON.stringify(value)} must be letters, digits, . _ or -`);
}
