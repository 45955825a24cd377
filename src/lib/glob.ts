/** Topic globs: `*` is one segment, or the rest when it is last; `**` is any number of segments. */

/**
 * A test for topics such as `stream.chunk`. Runs in time proportional to pattern × topic whatever the pattern is: the
 * match keeps one fallback point, as in the classic wildcard algorithm, and never backtracks further.
 */
export function compileGlob(pattern: string): (topic: string) => boolean {
  const glob = pattern.split(".");
  if (!glob.some((part) => part === "*" || part === "**")) return (topic) => topic === pattern;
  return (topic) => matchSegments(glob, topic.split("."));
}

function matchSegments(glob: readonly string[], topic: readonly string[]): boolean {
  let g = 0;
  let t = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (t < topic.length) {
    const part = glob[g];
    if (part === "*" && g === glob.length - 1) return true;
    if (part === "**") {
      starAt = g++;
      resumeAt = t;
    } else if (part !== undefined && (part === "*" || part === topic[t])) {
      g++;
      t++;
    } else if (starAt >= 0) {
      g = starAt + 1;
      t = ++resumeAt;
    } else {
      return false;
    }
  }
  while (glob[g] === "**") g++;
  return g === glob.length;
}
