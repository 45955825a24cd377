/** One word for a POSIX shell, whatever is in it (POSIX.1-2024, Shell Command Language, 2.2.2). */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
