/** What the model is told of where and when it works. */
export interface EnvironmentOptions {
  readonly agent: string;
  readonly workspace: string;
  /** Unix milliseconds. */
  readonly now: number;
  readonly timeZone: string;
}

export function environment({ agent, workspace, now, timeZone }: EnvironmentOptions): string {
  // The day, not the minute: the text stays the same from turn to turn. The tool `time` knows better.
  const day = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "full" }).format(now);
  return [
    `Agent: ${agent}`,
    `Workspace: ${workspace}`,
    `System: ${process.platform}`,
    `Today: ${day} (${timeZone})`,
  ].join("\n");
}
