/** Questions of the model to the person: asked in the conversation, answered by the next message in it. */

export interface UserQuestion {
  readonly sessionKey: string;
  readonly runId: string;
  readonly callId: string;
  readonly question: string;
  /** Answers to choose from; the person may say something else. */
  readonly options: readonly string[];
}

export type QuestionEnd =
  | { readonly status: "answered"; readonly answer: string }
  | { readonly status: "expired" | "cancelled" };

export interface Questions {
  /** Resolves when the person answered, `timeoutMs` passed, or `signal` aborted. Never rejects. */
  ask(question: UserQuestion, timeoutMs: number, signal: AbortSignal): Promise<QuestionEnd>;
}
