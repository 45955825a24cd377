/** Every method of a domain for people has its command. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isGroup } from "../../../src/cli/command.ts";
import { commands } from "../../../src/cli/commands/index.ts";
import type { MethodName } from "../../../src/client/client.ts";
import { methods } from "../../../src/methods/index.ts";

/** Why people have no command for it. */
interface Without {
  readonly because: string;
}

const CONNECTION: Without = { because: "part of every connection: each command begins with it" };
const SUBSCRIPTION: Without = {
  because: "about one connection's subscriptions: aleph events subscribes and ends with it",
};
const NODE: Without = { because: "what a node's own process calls: aleph node" };

const COMMAND_OF: Readonly<Record<MethodName, string | Without>> = {
  "agent.abort": "runs cancel",
  "agent.cancel": "runs cancel",
  "agent.list": "agents list",
  "agent.prompt": "prompt",
  "agent.run": "chat",
  "agent.status": { because: "runs show tells it with all the rest" },
  "agent.steer": "runs steer",
  "approvals.get": "approvals show",
  "approvals.grants": "approvals grants",
  "approvals.list": "approvals list",
  "approvals.resolve": "approvals approve",
  "approvals.revoke": "approvals revoke",
  "audit.list": "audit list",
  "audit.verify": "audit verify",
  "auth.connect": CONNECTION,
  "auth.devices.list": "devices list",
  "auth.devices.revoke": "devices revoke",
  "auth.invites.create": "invites create",
  "auth.invites.list": "invites list",
  "auth.invites.revoke": "invites revoke",
  "auth.logins.endAll": "devices sign-out",
  "auth.pairing.approve": "pairing approve",
  "auth.pairing.invite": "pairing invite",
  "auth.pairing.list": "pairing list",
  "auth.pairing.reject": "pairing reject",
  "auth.tokens.create": "tokens create",
  "auth.tokens.list": "tokens list",
  "auth.tokens.revoke": "tokens revoke",
  "auth.tokens.rotate": "tokens rotate",
  "auth.whoami": "whoami",
  "browser.click": "browser click",
  "browser.close": "browser close",
  "browser.evaluate": "browser evaluate",
  "browser.navigate": "browser open",
  "browser.screenshot": "browser screenshot",
  "browser.snapshot": "browser show",
  "browser.type": "browser type",
  "config.apply": "config apply",
  "config.check": "config apply",
  "config.get": "config get",
  "config.patch": "config set",
  "config.reload": "config reload",
  "config.schema": { because: "aleph config schema prints it from the executable, without a server" },
  "config.text": "config apply",
  "cron.add": "cron add",
  "cron.history": "cron history",
  "cron.list": "cron list",
  "cron.remove": "cron remove",
  "cron.run": "cron run",
  "cron.update": "cron pause",
  "events.list": SUBSCRIPTION,
  "events.subscribe": "events",
  "events.unsubscribe": SUBSCRIPTION,
  "exec.explain": "exec explain",
  "generation.image": "generate image",
  "generation.status": "generate status",
  "generation.video": "generate video",
  "interface.list": "interfaces list",
  "interface.peers.list": "interfaces people",
  "interface.peers.remove": "interfaces remove",
  "interface.send": "interfaces send",
  "interface.start": "interfaces start",
  "interface.status": "interfaces show",
  "interface.stop": "interfaces stop",
  "jobs.kill": "jobs kill",
  "jobs.list": "jobs list",
  "logs.tail": "logs",
  "mcp.approve": "mcp approve",
  "mcp.call": "mcp call",
  "mcp.list": "mcp list",
  "mcp.login": "mcp login",
  "mcp.logout": "mcp logout",
  "mcp.prompts": "mcp prompts",
  "mcp.resources": "mcp resources",
  "mcp.start": "mcp start",
  "mcp.stop": "mcp stop",
  "media.link": "media link",
  "memory.delete": "memory forget",
  "memory.get": "memory forget",
  "memory.list": "memory list",
  "memory.search": "memory search",
  "memory.stats": "memory stats",
  "memory.store": "memory add",
  "models.config": "models config",
  "models.list": "models list",
  "models.remove": "models remove",
  "models.save": "models add",
  "models.test": "models test",
  "models.try": "models add",
  "node.approve": "nodes approve",
  "node.attach": NODE,
  "node.get": "nodes get",
  "node.invoke": "nodes invoke",
  "node.list": "nodes list",
  "node.output": NODE,
  "node.revoke": "nodes revoke",
  "plugins.approve": "plugins approve",
  "plugins.commands": "plugins words",
  "plugins.develop": "plugins dev",
  "plugins.disable": "plugins disable",
  "plugins.enable": "plugins enable",
  "plugins.executeCommand": "plugins run",
  "plugins.get": "plugins get",
  "plugins.install": "plugins install",
  "plugins.list": "plugins list",
  "plugins.logs": "plugins logs",
  "plugins.reload": "plugins reload",
  "plugins.trustFolder": "plugins trust",
  "plugins.uninstall": "plugins uninstall",
  "rpc.discover": "rpc",
  "rpc.ping": CONNECTION,
  "runs.events": "runs events",
  "runs.get": "runs show",
  "runs.list": "runs list",
  "runs.queue": "runs queue",
  "runs.replay": "runs replay",
  "runs.status": { because: "runs show tells it with all the rest" },
  "runs.wait": "runs wait",
  "services.list": "services list",
  "services.start": "services start",
  "services.status": "services show",
  "services.stop": "services stop",
  "session.clear": "sessions clear",
  "session.compact": "sessions compact",
  "session.context": "sessions context",
  "session.create": "sessions create",
  "session.delete": "sessions delete",
  "session.export": "sessions export",
  "session.fork": "sessions fork",
  "session.get": "sessions show",
  "session.history": "sessions show",
  "session.import": "import",
  "session.list": "sessions list",
  "session.patch": "sessions set",
  "session.rewind": "sessions rewind",
  "session.search": "sessions search",
  "session.send": { because: "aleph chat does it with agent.run, and shows the answer as it comes" },
  "session.uncompact": "sessions compact",
  "skills.activate": "skills activate",
  "skills.deactivate": "skills deactivate",
  "skills.get": "skills get",
  "skills.install": "skills install",
  "skills.list": "skills list",
  "skills.uninstall": "skills uninstall",
  "system.doctor": { because: "aleph doctor looks by itself, also where no server runs" },
  "system.info": "status",
  "system.mend": { because: "aleph doctor --fix mends by itself, also where no server runs" },
  "system.shutdown": "stop",
  "system.status": "status",
  "tool.call": "tools call",
  "tool.list": "tools list",
  "usage.summary": "usage",
  "webhooks.list": "webhooks list",
  "webhooks.preview": "webhooks test",
  "webhooks.retry": "webhooks retry",
  "webhooks.test": "webhooks test",
};

const sources = ["cli", "client"]
  .map((folder) => join(import.meta.dir, "../../../src", folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)))
  .filter((path) => path.endsWith(".ts"))
  .map((path) => readFileSync(path, "utf8"))
  .join("\n");

test("every method is in the table of commands, and the table has no other", () => {
  expect(Object.keys(COMMAND_OF).toSorted()).toEqual(Object.keys(methods).toSorted());
});

test("every method of a domain for people has a command that there is, that calls it and that speaks JSON", async () => {
  const wrong: string[] = [];
  for (const [method, words] of Object.entries(COMMAND_OF)) {
    if (typeof words !== "string") continue;
    const [name = "", below = ""] = words.split(" ");
    const entry = Object.hasOwn(commands, name) ? await commands[name as keyof typeof commands]() : undefined;
    const command = entry && isGroup(entry) ? entry.commands[below] : entry;
    if (command === undefined) wrong.push(`${method}: there is no command ${words}`);
    else if (!("json" in command.args)) wrong.push(`${method}: ${words} has no --json`);
    if (!sources.includes(`"${method}"`)) wrong.push(`${method}: no source of it calls it`);
  }
  expect(wrong).toEqual([]);
});
