/** The process in which one plugin's module runs: `aleph-server __wasm-host`. It ends when the server closes its pipe. */
import type { HttpReply, HttpRequest } from "./environment.ts";
import {
  type CallHead,
  type DeniedHead,
  type FailureHead,
  FROM_HOST,
  type LoadHead,
  type LogHead,
  MAX_HTTP_BODY,
  type ReplyHead,
  type RequestHead,
  type ResultHead,
  TO_HOST,
} from "./frames.ts";
import { describeFault, type Guest, OutputTooLarge, openGuest } from "./guest.ts";
import { LogGate } from "./log-gate.ts";
import { ModuleFault } from "./module.ts";
import { Pipe } from "./pipe.ts";

/** Of paths that were refused, so that a module that tries all of them tires nobody. */
const MAX_DENIED = 100;

export async function runWasmHost(): Promise<void> {
  const pipe = new Pipe();
  const first = pipe.read();
  if (first?.kind !== TO_HOST.load) return;
  const gate = new LogGate();
  const guest = await load(pipe, gate, first.head as LoadHead, first.body);
  if (!guest) return;
  pipe.write(FROM_HOST.ready, {});
  for (let frame = pipe.read(); frame?.kind === TO_HOST.call; frame = pipe.read()) {
    await answer(pipe, gate, guest, frame.head as CallHead, frame.body);
  }
}

async function load(pipe: Pipe, gate: LogGate, head: LoadHead, module: Uint8Array): Promise<Guest | undefined> {
  const decoder = new TextDecoder();
  let denied = 0;
  try {
    return await openGuest({
      ...head,
      module,
      request: (request) => ask(pipe, request),
      log(level, bytes) {
        const line = gate.pass(bytes);
        if (!line) return;
        const text = decoder.decode(line.bytes);
        pipe.write(FROM_HOST.log, { level, text, dropped: line.dropped } satisfies LogHead);
      },
      denied(target) {
        denied += 1;
        if (denied <= MAX_DENIED) pipe.write(FROM_HOST.denied, { target } satisfies DeniedHead);
      },
    });
  } catch (thrown) {
    const message = thrown instanceof ModuleFault ? thrown.message : `cannot be loaded: ${describeFault(thrown)}`;
    pipe.write(FROM_HOST.failure, { code: "unusable", message, isSpent: false } satisfies FailureHead);
    return undefined;
  }
}

async function answer(
  pipe: Pipe,
  gate: LogGate,
  guest: Guest,
  { name, context }: CallHead,
  input: Uint8Array,
): Promise<void> {
  try {
    if (!guest.functions.includes(name)) throw new Error(`The module exports no function "${name}"`);
    const output = await guest.call(name, input, context);
    tellDropped(pipe, gate);
    const head = { hasOutput: output !== undefined, isSpent: guest.isSpent } satisfies ResultHead;
    pipe.write(FROM_HOST.result, head, output);
  } catch (thrown) {
    const code = thrown instanceof OutputTooLarge ? "too_large" : "handler";
    tellDropped(pipe, gate);
    const failure = { code, message: clip(describeFault(thrown)), isSpent: guest.isSpent } satisfies FailureHead;
    pipe.write(FROM_HOST.failure, failure);
  }
}

/** While the call is under way, so that nothing comes without one. */
function tellDropped(pipe: Pipe, gate: LogGate): void {
  const dropped = gate.takeDropped();
  if (dropped > 0) pipe.write(FROM_HOST.log, { level: "warn", text: "", dropped } satisfies LogHead);
}

/** Asks the server for something from the network, which this process has none of, and waits. */
function ask(pipe: Pipe, { url, method, headers, body }: HttpRequest): HttpReply {
  if ((body?.length ?? 0) > MAX_HTTP_BODY) throw new Error(`A request's body is larger than ${MAX_HTTP_BODY} bytes`);
  pipe.write(FROM_HOST.request, { url, method, headers, hasBody: body !== undefined } satisfies RequestHead, body);
  const reply = pipe.read();
  if (reply?.kind !== TO_HOST.reply) throw new Error("The server gave no answer");
  const head = reply.head as ReplyHead;
  if ("error" in head) throw new Error(head.error);
  return { ...head, body: reply.body };
}

/** What a module says of its own failure goes to the model. */
function clip(message: string): string {
  return message.length > 4000 ? `${message.slice(0, 4000)}…` : message;
}
