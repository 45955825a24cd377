/**
 * What the exit code of a command says. Stable: scripts and service managers rely on it. The numbers above 2 are those
 * of sysexits.h where it has one for the case, and 128 + the signal for an interruption.
 */
import { AlephError, type Reason } from "../protocol/errors.ts";

export const EXIT = {
  ok: 0,
  /** The command was understood and did not work out. */
  failure: 1,
  /** Unknown command or option, missing or unusable argument. */
  usage: 2,
  /** No server, or it does not answer (EX_UNAVAILABLE). */
  unreachable: 69,
  /** Not allowed: token refused, scope missing, approval denied, file that may not be touched (EX_NOPERM). */
  forbidden: 77,
  /** config.toml is not valid; the issues are printed (EX_CONFIG). */
  config: 78,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

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
