/**
 * What the exit code of a command says. Stable: scripts and service managers rely on it. The numbers above 2 are those
 * of sysexits.h where it has one for the case, and 128 + the signal for an interruption.
 */
import { AlephError, type Reason } from "../protocol/errors.ts";

export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  /** EX_UNAVAILABLE. */
  unreachable: 69,
  /** EX_NOPERM. */
  forbidden: 77,
  /** EX_CONFIG. */
  config: 78,
  interrupted: 130,
} as const;

/** As the manual and the reference tell them. */
export const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: "It worked",
  failure: "The command was understood and did not work out",
  usage: "Unknown command or option, missing or unusable argument",
  unreachable: "No server, or it does not answer",
  forbidden: "Not allowed: token refused, scope missing, approval denied, file that may not be touched",
  config: "config.toml is not valid; the issues are printed",
  interrupted: "Ctrl-C",
};

const BY_REASON: Partial<Readonly<Record<Reason, number>>> = {
  invalid_params: EXIT.usage,
  method_not_found: EXIT.usage,
  unauthenticated: EXIT.forbidden,
  auth_failed: EXIT.forbidden,
  pairing_required: EXIT.forbidden,
  forbidden: EXIT.forbidden,
  approval_denied: EXIT.forbidden,
  sandbox_denied: EXIT.forbidden,
  config_invalid: EXIT.config,
};

/** The exit code for something thrown. `data.exit_code` of an error made in the CLI wins. */
export function exitCodeOf(thrown: unknown): number {
  if (!(thrown instanceof AlephError)) return EXIT.failure;
  const { exit_code: own } = thrown.data;
  return typeof own === "number" ? own : (BY_REASON[thrown.reason] ?? EXIT.failure);
}
