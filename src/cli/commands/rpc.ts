/** `aleph rpc`: any method, for scripts and the curious. */
import type { Client, MethodName, Params } from "../../client/client.ts";
import { nearest } from "../../lib/nearest.ts";
import { AlephError } from "../../protocol/errors.ts";
import { defineCommand } from "../command.ts";
import { withClient } from "../connection.ts";
import { usageError } from "../failure.ts";
import { serverFlags } from "../flags.ts";
import { writeJson } from "../output.ts";

export const rpc = defineCommand({
  summary: "Call a JSON-RPC method and print its result",
  details: 'Without a method it lists them all. "-" reads the parameters from standard input.',
  args: {
    method: { type: "positional", required: false, description: "such as session.list", completion: "methods" },
    params: { type: "positional", required: false, description: "parameters as a JSON object" },
    ...serverFlags,
    json: { type: "boolean", description: "print errors as JSON too; results always are" },
  },
  examples: [
    ["aleph rpc system.status", "without parameters"],
    [`aleph rpc session.history '{"session_key": "agent:main:main", "limit": 5}'`, "with parameters"],
  ],
  async run(args, invocation) {
    const params = await readParams(args.params);
    await withClient(args, invocation, async ({ client }) => {
      const { out } = invocation.terminal;
      if (args.method === undefined) return writeMethods(client, out.write);
      writeJson(out, await call(client, args.method, params));
    });
  },
});

async function call(client: Client, method: string, params: object): Promise<unknown> {
  try {
    // The person chose the name: the server says whether there is such a method and whether the parameters fit.
    return await client.call(method as MethodName, params as Params<MethodName>);
  } catch (thrown) {
    if (!(thrown instanceof AlephError) || thrown.reason !== "method_not_found") throw thrown;
    const meant = nearest(method, client.hello.features.methods);
    const hint = meant ? `Did you mean ${meant}?` : '"aleph rpc" lists all methods';
    throw new AlephError(thrown.reason, thrown.message, { cause: thrown, data: { ...thrown.data, hint } });
  }
}

async function writeMethods(client: Client, write: (text: string) => void): Promise<void> {
  const { methods } = (await client.call("rpc.discover", {})) as {
    readonly methods?: readonly { readonly name: string; readonly summary?: string }[];
  };
  const width = Math.max(0, ...(methods ?? []).map(({ name }) => name.length));
  for (const { name, summary = "" } of methods ?? []) write(`${name.padEnd(width)}  ${summary}\n`);
}

async function readParams(text: string | undefined): Promise<object> {
  const source = text === "-" ? await Bun.stdin.text() : (text ?? "{}");
  let params: unknown;
  try {
    params = JSON.parse(source);
  } catch (cause) {
    throw usageError(
      `The parameters are not JSON: ${(cause as Error).message}`,
      `Quote them for the shell: '{"limit": 5}'`,
    );
  }
  if (typeof params === "object" && params !== null) return params;
  throw usageError("The parameters must be a JSON object", `For example '{"limit": 5}'`);
}
