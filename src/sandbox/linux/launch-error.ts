/** Why the program was not started; what the server makes an `AlephError` of. */
import type { LaunchAnswer } from "./order.ts";

type Reason = Extract<LaunchAnswer, { readonly failed: string }>["failed"];

export class LaunchError extends Error {
  readonly reason: Reason;

  constructor(reason: Reason, message: string) {
    super(message);
    this.reason = reason;
  }
}
