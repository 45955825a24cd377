/** An editor: the client of the protocol's own SDK, and `aleph acp` as the child process that it started. */
import { join } from "node:path";
import {
  type ClientContext,
  client,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  type RequestPermissionRequest,
  type RequestPermissionResponse,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";

const SOURCES = [process.execPath, join(import.meta.dir, "../../src/main.ts")];
const COMMAND = process.env.ALEPH_EXECUTABLE ? [process.env.ALEPH_EXECUTABLE] : SOURCES;

export interface EditorOptions {
  readonly home: string;
  readonly args?: readonly string[];
  /** The answer to a question; it is not asked again. Default: never. */
  readonly onPermission?: (request: RequestPermissionRequest) => Promise<RequestPermissionResponse>;
}

export async function openEditor({ home, args = [], onPermission }: EditorOptions) {
  const child = Bun.spawn([...COMMAND, "acp", ...args], {
    argv0: "aleph",
    cwd: home,
    env: { PATH: process.env.PATH ?? "", HOME: home, ALEPH_HOME: home, TZ: "UTC" },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = new WritableStream<Uint8Array>({
    async write(bytes) {
      child.stdin.write(bytes);
      await child.stdin.flush();
    },
  });
  const updates: { readonly sessionId: string; readonly update: SessionUpdate }[] = [];
  const connection = client({ name: "an editor" })
    .onNotification(methods.client.session.update, ({ params }) => void updates.push(params))
    .onRequest(methods.client.session.requestPermission, ({ params }) =>
      onPermission ? onPermission(params) : new Promise<RequestPermissionResponse>(() => {}),
    )
    .connect(ndJsonStream(output, child.stdout));
  const agent: ClientContext = connection.agent;
  const hello = await agent.request(methods.agent.initialize, {
    protocolVersion: PROTOCOL_VERSION,
    clientCapabilities: {},
  });
  return {
    agent,
    hello,
    updates,
    /** What was shown of one kind. */
    of: <K extends SessionUpdate["sessionUpdate"]>(kind: K) =>
      updates.flatMap(({ update }) =>
        update.sessionUpdate === kind ? [update as Extract<SessionUpdate, { sessionUpdate: K }>] : [],
      ),
    text: (kind: "agent_message_chunk" | "agent_thought_chunk" | "user_message_chunk") =>
      updates
        .flatMap(({ update }) =>
          update.sessionUpdate === kind && update.content.type === "text" ? [update.content.text] : [],
        )
        .join(""),
    create: (cwd = home) => agent.request(methods.agent.session.new, { cwd, mcpServers: [] }),
    prompt: (sessionId: string, text: string) =>
      agent.request(methods.agent.session.prompt, { sessionId, prompt: [{ type: "text", text }] }),
    /** Closes its side; resolves with the exit code and what was said on standard error. */
    async close() {
      await child.stdin.end();
      const stderr = await new Response(child.stderr).text();
      return { code: await child.exited, stderr };
    },
    async [Symbol.asyncDispose]() {
      connection.close();
      child.kill();
      await child.exited;
    },
  };
}
