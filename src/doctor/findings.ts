/** Words of the checks: findings of one check, and the words of something thrown. */
import type { Finding, Fix } from "../protocol/finding.ts";

/** The findings of one check. */
export function findings(check: string) {
  return {
    ok: (message: string): Finding => ({ check, status: "ok", message }),
    warn: (message: string, hint: string, fix?: Fix): Finding => ({
      check,
      status: "warn",
      message,
      hint,
      ...(fix && { fix }),
    }),
    fail: (message: string, hint: string, fix?: Fix): Finding => ({
      check,
      status: "fail",
      message,
      hint,
      ...(fix && { fix }),
    }),
  };
}

/** The words of something thrown. */
export function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
