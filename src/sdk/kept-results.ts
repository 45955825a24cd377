/** Results of tools that are too long to be shown whole: kept for their session, gone with it, and only so many. */

export interface KeptResult {
  readonly tool: string;
  readonly text: string;
  readonly untrusted?: true;
}

export interface KeptResults {
  /** Resolves with the handle under which it can be read; what was kept first may have to go. */
  keep(sessionKey: string, result: KeptResult): Promise<string>;
  /** Undefined when there is no such result in this session, or no more. */
  find(sessionKey: string, handle: string): KeptResult | undefined;
}
