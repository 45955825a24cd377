/** Small state that a tool keeps for a session, such as its list of tasks; gone with the session. */

export interface SessionState {
  /** What was last set under `name`, or undefined. Throws `invalid_params` when `sessionKey` is not a session key. */
  get(sessionKey: string, name: string): unknown;
  /** Resolves when it is durable; for an ephemeral session it never reaches the disk. `value` is plain JSON. */
  set(sessionKey: string, name: string, value: unknown): Promise<void>;
}

/** The name of the list of tasks: `{text, status}` each. What is open of it outlasts a conversation that is compacted. */
export const TASKS_STATE = "todo";
