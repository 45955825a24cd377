/** The plugin's end of its pipes: messages from the server come in on standard input and go out on standard output. */
import type { WireError } from "../messages.ts";

export interface Handlers {
  /** By method. `id` is there when an answer is wanted. */
  readonly [method: string]: (params: never, id: number | undefined) => void;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: WireError;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: RemoteError) => void;
}

/** What the server answered instead of a result. */
export class RemoteError extends Error {
  readonly reason: string;

  constructor({ message, data }: WireError) {
    super(message);
    this.reason = String(data?.reason ?? "internal");
  }
}

/** Bytes read; what files leave behind would else reach the memory limit before the engine looks. */
const COLLECTED_AFTER = 8 * 1024 * 1024;

export class Wire {
  readonly #out = Bun.stdout.writer();
  readonly #waiting = new Map<number, Waiting>();
  #handlers: Handlers = {};
  #last = 0;

  /** Reads until the server closes the pipe. */
  async serve(handlers: Handlers): Promise<void> {
    this.#handlers = handlers;
    const decoder = new TextDecoder();
    // A file makes a line of many chunks: they are put together once.
    let begun: string[] = [];
    let read = 0;
    for await (const chunk of Bun.stdin.stream()) {
      const text = decoder.decode(chunk, { stream: true });
      const end = text.lastIndexOf("\n");
      if (end < 0) {
        begun.push(text);
        continue;
      }
      const lines = [...begun, text.slice(0, end)].join("").split("\n");
      begun = [text.slice(end + 1)];
      for (const line of lines) if (line !== "") this.#take(JSON.parse(line) as Message);
      read += chunk.length;
      if (read < COLLECTED_AFTER) continue;
      read = 0;
      Bun.gc(true);
    }
  }

  request(method: string, params: unknown): { readonly id: number; readonly answer: Promise<unknown> } {
    const id = ++this.#last;
    const { promise: answer, ...waiting } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#send({ jsonrpc: "2.0", id, method, params });
    return { id, answer };
  }

  notify(method: string, params: unknown): void {
    this.#send({ jsonrpc: "2.0", method, params });
  }

  /** `result` is JSON text. */
  answer(id: number, result: string): void {
    this.#write(`{"jsonrpc":"2.0","id":${id},"result":${result}}`);
  }

  fail(id: number, message: string, data: Readonly<Record<string, unknown>>): void {
    this.#send({ jsonrpc: "2.0", id, error: { code: -32000, message, data } });
  }

  /** Resolves when all is with the system. */
  async flush(): Promise<void> {
    await this.#out.flush();
  }

  #take(message: Message): void {
    if (message.method !== undefined) {
      this.#handlers[message.method]?.(message.params as never, message.id);
      return;
    }
    const waiting = this.#waiting.get(message.id!);
    this.#waiting.delete(message.id!);
    if (message.error) waiting?.reject(new RemoteError(message.error));
    else waiting?.resolve(message.result);
  }

  #send(message: unknown): void {
    this.#write(JSON.stringify(message));
  }

  /** The line feed before it ends what the plugin may have printed there by itself. */
  #write(line: string): void {
    this.#out.write(`\n${line}\n`);
    void this.#out.flush();
  }
}
