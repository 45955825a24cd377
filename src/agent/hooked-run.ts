/** What hooks have to say to a run: to its replies, and to how it failed. */
import type { AlephError } from "../protocol/errors.ts";
import type { EventHooks, HookPlace, Hooks } from "../sdk/hook.ts";
import type { Reply } from "./reply.ts";

/** Releases the reply with what hooks made of it. Rejects when one of them blocks it. */
export async function respond(
  hooks: EventHooks<"on_response">,
  reply: Reply,
  place: HookPlace,
  signal: AbortSignal,
): Promise<void> {
  const { text: response, calls } = reply;
  if (response === "") {
    reply.release(response);
    return;
  }
  const { context, resolved } = await hooks.run({ ...place, response, final: calls.length === 0 }, signal);
  reply.release(resolved?.text ?? context.response);
}

/** What is told of a failure. */
export async function messageOf(
  { reason, message }: AlephError,
  all: Hooks,
  place: HookPlace,
  signal: AbortSignal,
): Promise<string> {
  let hooks = all.of("on_error");
  if (hooks instanceof Promise) hooks = await hooks;
  if (!hooks) return message;
  try {
    const { context, resolved } = await hooks.run({ ...place, error: { reason, message } }, signal);
    return resolved?.text ?? context.error.message;
  } catch (thrown) {
    // Stopped meanwhile: it has failed all the same.
    if (signal.aborted) return message;
    throw thrown;
  }
}
