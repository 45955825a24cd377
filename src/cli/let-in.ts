/** Waits until an operator lets this terminal in. */
import type { Client } from "../client/client.ts";
import { printableLine } from "../lib/terminal-text.ts";
import { AlephError } from "../protocol/errors.ts";
import { openProgress } from "./progress.ts";
import { interrupted } from "./question.ts";
import type { Terminal } from "./terminal.ts";

/** Between two questions whether it is so now: each is a new connection. */
const ASK_EVERY_MS = 2_000;
/** Longer than a code lasts. */
const WAIT_MS = 11 * 60_000;

/**
 * What `open` gives, at once or when the server no longer says `pairing_required`. Rejects with that when the device was
 * turned away or its code has ended, with `cancelled` at Ctrl-C, and with what else `open` rejects with.
 */
export async function whenLetIn(open: () => Promise<Client>, terminal: Terminal, origin: string): Promise<Client> {
  const first = await tryOpen(open);
  if (!("refusal" in first)) return first.client;
  const { err } = terminal;
  const code = codeOf(first.refusal);
  err.write(
    `${printableLine(origin)} does not know this terminal yet. Its code is ${err.style.bold(code)}\nTo let it in, on that machine or any terminal that may: aleph pairing approve ${code}\n`,
  );
  if (!err.isTerminal) err.write("Waiting … (Ctrl-C to stop)\n");
  using waiting = openProgress(terminal, "Waiting … (Ctrl-C to stop)");
  const stop = Promise.withResolvers<never>();
  // Whoever waits below hears of it; nobody else needs to.
  stop.promise.catch(() => undefined);
  const onSignal = () => stop.reject(interrupted());
  process.once("SIGINT", onSignal);
  try {
    const began = performance.now();
    while (performance.now() - began < WAIT_MS) {
      await Promise.race([Bun.sleep(ASK_EVERY_MS), stop.promise]);
      const next = await Promise.race([tryOpen(open), stop.promise]);
      if (!("refusal" in next)) {
        waiting[Symbol.dispose]();
        err.write("Let in\n");
        return next.client;
      }
      // Another code is another request: the one that was shown is over.
      if (codeOf(next.refusal) !== code) break;
    }
  } finally {
    process.off("SIGINT", onSignal);
  }
  throw new AlephError("pairing_required", "This terminal was turned away, or its code has ended", {
    data: { hint: "Run the command again for a new code" },
  });
}

async function tryOpen(
  open: () => Promise<Client>,
): Promise<{ readonly client: Client } | { readonly refusal: AlephError }> {
  try {
    return { client: await open() };
  } catch (error) {
    if (error instanceof AlephError && error.reason === "pairing_required") return { refusal: error };
    throw error;
  }
}

/** Letters and digits whatever the server sent: it is printed as part of a command line. */
function codeOf({ data }: AlephError): string {
  return String(data.code ?? "").replace(/[^A-Za-z0-9-]/g, "");
}
