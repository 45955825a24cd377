/** A program that uses the server at the address that it is called with as Aleph does, logging in where it must: for the conformance suite. */
import type { McpServerTable } from "../../../src/config/schema.ts";
import { testApp } from "../app.ts";
import { until } from "../until.ts";

const url = process.argv.at(-1)!;
const given = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? "{}") as { client_id?: string; client_secret?: string };

/** The suite's authorization servers are on this machine, at ports of their own; the owner of a real one would name them. */
async function loginOrigins(): Promise<readonly string[]> {
  const refused = await fetch(url, { method: "POST", body: "{}", headers: { "content-type": "application/json" } });
  await refused.text();
  const named = /resource_metadata="([^"]+)"/.exec(refused.headers.get("www-authenticate") ?? "")?.[1];
  const { origin, pathname } = new URL(url);
  for (const place of named
    ? [named]
    : [pathname, ""].map((path) => `${origin}/.well-known/oauth-protected-resource${path}`)) {
    const answer = await fetch(place);
    const text = await answer.text();
    if (!answer.ok) continue;
    const { authorization_servers = [] } = JSON.parse(text) as { authorization_servers?: string[] };
    return authorization_servers.map((server) => new URL(server).origin);
  }
  return [];
}

const needsLogin = (process.env.MCP_CONFORMANCE_SCENARIO ?? "").startsWith("auth/");
const others = needsLogin ? (await loginOrigins()).filter((origin) => origin !== new URL(url).origin) : [];
const { client_id, client_secret } = given;
const table: McpServerTable = {
  url,
  network: others.map((origin) => `connect:${origin}`),
  tools: { allow: ["*"] },
  ...(client_id === undefined
    ? {}
    : { oauth: { client_id, ...(client_secret === undefined ? {} : { client_secret }) } }),
};
const app = await testApp({ config: { mcp: { servers: { it: table } } } });
const { client } = app;
const list = async () => (await client.call("mcp.list", {})).servers[0]!;
if ((await list()).status === "login_required") {
  const { authorization_url } = await client.call("mcp.login", { name: "it" });
  await (await fetch(authorization_url!)).text();
  await until(async () => (await list()).status === "running");
}
for (const { name } of (await list()).tools) {
  const args = name === "add_numbers" ? { a: 5, b: 3 } : {};
  await client.call("mcp.call", { server: "it", tool: name, arguments: args });
}
await app[Symbol.asyncDispose]();
// The SDK leaves answers unread that say that something is not there; each keeps its connection for a while.
process.exit(0);
