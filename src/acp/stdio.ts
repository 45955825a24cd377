/** The standard streams of a process that an editor started: messages, one a line, until the editor closes them. */
import { ndJsonStream } from "@agentclientprotocol/sdk";
import { AcpAgent, type AcpOptions } from "./agent.ts";

export interface StdioOptions extends AcpOptions {
  readonly input: AsyncIterable<Uint8Array>;
  readonly write: (text: string) => void;
}

/** Bytes of one message: files come inside of it. */
const MAX_MESSAGE = 64 * 1024 * 1024;

/** Resolves when the editor has gone. */
export async function serveEditor({ input, write, ...options }: StdioOptions): Promise<void> {
  using acp = await AcpAgent.open(options);
  const decoder = new TextDecoder();
  const output = new WritableStream<Uint8Array>({ write: (bytes) => write(decoder.decode(bytes, { stream: true })) });
  const ended = Promise.withResolvers<void>();
  const lines = streamOf(input, ended.resolve);
  const connection = acp.app().connect(ndJsonStream(output, lines, { maxMessageBytes: MAX_MESSAGE }));
  // By itself the connection waits for what is being answered, and nobody is there any more who could stop it.
  await Promise.race([connection.closed, ended.promise]);
  await acp.stop();
  connection.close();
}

function streamOf(input: AsyncIterable<Uint8Array>, onEnd: () => void): ReadableStream<Uint8Array> {
  const chunks = input[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (!done) return controller.enqueue(value);
      controller.close();
      onEnd();
    },
    async cancel() {
      await chunks.return?.();
    },
  });
}
