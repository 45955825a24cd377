/** Where the JUnit files of a run stand. */

/** The report of the second run of the files that failed in the run reported at `path`. */
export function againPath(path: string): string {
  return path.replace(/\.xml$/, "-again.xml");
}

export async function readIfThere(path: string): Promise<string | undefined> {
  const file = Bun.file(path);
  return (await file.exists()) ? file.text() : undefined;
}
