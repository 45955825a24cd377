/** What one check of `aleph doctor` found. */

export interface Finding {
  readonly check: string;
  readonly status: "ok" | "warn" | "fail";
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** The findings of one check. */
export function findings(check: string) {
  return {
    ok: (message: string): Finding => ({ check, status: "ok", message }),
    warn: (message: string, hint: string): Finding => ({ check, status: "warn", message, hint }),
    fail: (message: string, hint: string): Finding => ({ check, status: "fail", message, hint }),
  };
}

/** The words of something thrown. */
export function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
