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

/** What `examine` finds; that it cannot look is a finding, too. */
export async function lookAt(
  check: string,
  examine: () => readonly Finding[] | Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await examine();
  } catch (thrown) {
    return [findings(check).fail(`cannot be looked at: ${wordsOf(thrown)}`, "Check who owns it, and its mode")];
  }
}

/** The words of something thrown. */
export function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
