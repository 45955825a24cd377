/** `aleph remote`: servers elsewhere, known by name. */

import { originOf, pairingCodeOf, toSocketUrl } from "../../client/address.ts";
import { printableLine } from "../../lib/terminal-text.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineCommand, defineGroup } from "../command.ts";
import { homeFlags, homeOf, jsonFlag } from "../flags.ts";
import { openClient } from "../open-client.ts";
import { writeJson } from "../output.ts";
import { checkName, findRemote, LOCAL, type Remote, readRemotes, updateRemote, writeRemotes } from "../remotes.ts";
import { writeTable } from "../table.ts";
import { remoteTarget } from "../target.ts";

const name = {
  type: "positional",
  required: true,
  description: "what it is called here",
  completion: "remotes",
} as const;
const fingerprint = {
  type: "string",
  valueHint: "sha256",
  description: "trust the certificate with this fingerprint, whoever made it",
} as const;

const add = defineCommand({
  summary: "Give a server elsewhere a name, and get let in there",
  details:
    "Connects with this terminal's own key. A link with a code lets it in at once; otherwise it shows a code and waits until somebody approves it there. The server that answers is remembered: another one at the same address is refused later.",
  args: {
    name,
    url: { type: "positional", required: true, description: "its address, or a pairing link" },
    use: { type: "boolean", description: "let commands speak to it from now on" },
    fingerprint,
    ...homeFlags,
  },
  examples: [
    ["aleph remote add box ws://box:18790/ws", "shows a code and waits until it is approved"],
    ["aleph remote add box 'http://box:18790/#pair=K7M2Q9XW' --use", "with a link that aleph pairing invite made"],
  ],
  async run(args, { env, terminal }) {
    checkName(args.name);
    const home = homeOf(args, env);
    const before = readRemotes(home);
    if (Object.hasOwn(before.remotes, args.name)) {
      throw new AlephError("conflict", `There is a remote "${args.name}" already`, {
        data: { hint: `Remove it first: aleph remote remove ${args.name}` },
      });
    }
    const url = toSocketUrl(args.url);
    const { chooseCertificate } = await import("../certificate.ts");
    const certificate = await chooseCertificate(url, args.fingerprint, terminal);
    const wanted: Remote = { url, certificate };
    const target = remoteTarget(home, env, args.name, wanted, pairingCodeOf(args.url));
    using client = await openClient(target, { waitAt: terminal });
    const { server, identity } = client.hello;
    const { remotes, current } = readRemotes(home);
    writeRemotes(home, {
      current: args.use ? args.name : current,
      remotes: { ...remotes, [args.name]: { ...wanted, instance_id: server.instance_id } },
    });
    terminal.err.write(`Added ${args.name}: ${printableLine(originOf(url))}, let in as ${identity.kind}\n`);
    if (!args.use) terminal.err.write(`To speak to it: aleph remote use ${args.name}, or --remote-name ${args.name}\n`);
  },
});

const list = defineCommand({
  summary: "List the servers elsewhere",
  args: { ...jsonFlag, ...homeFlags },
  async run(args, { env, terminal }) {
    const { current = LOCAL, remotes } = readRemotes(homeOf(args, env));
    const rows = Object.entries(remotes).map(([known, remote]) => ({ name: known, ...remote }));
    if (args.json) {
      const shown = rows.map(({ name: known, url, instance_id, certificate }) => ({
        name: known,
        url,
        instance_id: instance_id ?? null,
        pinned: certificate !== undefined,
        current: known === current,
      }));
      return writeJson(terminal.out, { remotes: shown });
    }
    if (rows.length === 0) return void terminal.err.write("There are none: aleph remote add NAME URL\n");
    writeTable(terminal.out, rows, [
      { title: "", value: (row) => (row.name === current ? "*" : "") },
      { title: "NAME", value: (row) => row.name },
      { title: "URL", value: ({ url }) => url, flexible: true },
      {
        title: "CERTIFICATE",
        value: ({ url, certificate }) => (certificate ? "pinned" : url.startsWith("wss:") ? "trusted" : "-"),
      },
    ]);
  },
});

const use = defineCommand({
  summary: "Let commands speak to this server from now on",
  args: { name: { ...name, description: `name of a remote, or ${LOCAL} for the home's own server` }, ...homeFlags },
  async run(args, { env, terminal }) {
    const home = homeOf(args, env);
    if (args.name !== LOCAL) findRemote(home, args.name);
    const { remotes } = readRemotes(home);
    writeRemotes(home, { current: args.name === LOCAL ? undefined : args.name, remotes });
    const what = args.name === LOCAL ? "the home's own server" : args.name;
    terminal.err.write(
      `Commands speak to ${what} now, unless --home, --url, --remote-name or ALEPH_URL says otherwise\n`,
    );
  },
});

const remove = defineCommand({
  summary: "Forget a server elsewhere; it may still know this terminal",
  args: { name, ...homeFlags },
  async run(args, { env, terminal }) {
    const home = homeOf(args, env);
    findRemote(home, args.name);
    const { current, remotes } = readRemotes(home);
    const { [args.name]: _, ...others } = remotes;
    writeRemotes(home, { current: current === args.name ? undefined : current, remotes: others });
    terminal.err.write(`Forgot ${args.name}\n`);
  },
});

const trust = defineCommand({
  summary: "Take the server that answers there now for the right one",
  args: { name, fingerprint, ...homeFlags },
  async run(args, { env, terminal }) {
    const home = homeOf(args, env);
    const { url } = findRemote(home, args.name);
    const { chooseCertificate } = await import("../certificate.ts");
    const certificate = await chooseCertificate(url, args.fingerprint, terminal);
    const target = remoteTarget(home, env, args.name, { url, certificate });
    using client = await openClient(target, { waitAt: terminal });
    updateRemote(home, args.name, { certificate, instance_id: client.hello.server.instance_id });
    terminal.err.write(`${args.name} is the server that answers at ${printableLine(originOf(url))} now\n`);
  },
});

export const remote = defineGroup({
  summary: "Speak to servers elsewhere",
  fallback: "list",
  commands: { add, list, use, remove, trust },
});
