/** What differs between two texts, word by word or line by line. */

export interface DiffPart {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** Cells of the table of the longest common subsequence; above that all between the common ends counts as another text. */
const MOST_CELLS = 4_000_000;

/** In order; what was removed comes before what stands in its place. Joined without the added it is `before`, and the other way. */
export function diffWords(before: string, after: string): readonly DiffPart[] {
  return diff(wordsOf(before), wordsOf(after));
}

/** As `diffWords`, in whole lines with their ends. */
export function diffLines(before: string, after: string): readonly DiffPart[] {
  return diff(linesOf(before), linesOf(after));
}

function diff(a: readonly string[], b: readonly string[]): readonly DiffPart[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const parts: { kind: DiffPart["kind"]; text: string }[] = [];
  const put = (kind: DiffPart["kind"], words: readonly string[]) => {
    const text = words.join("");
    const last = parts.at(-1);
    if (text === "") return;
    if (last?.kind === kind) last.text += text;
    else parts.push({ kind, text });
  };
  put("same", a.slice(0, start));
  for (const [kind, words] of between(a.slice(start, a.length - end), b.slice(start, b.length - end))) put(kind, words);
  put("same", a.slice(a.length - end));
  return parts;
}

type Step = readonly [DiffPart["kind"], readonly string[]];

function between(a: readonly string[], b: readonly string[]): readonly Step[] {
  const width = b.length + 1;
  if (a.length === 0 || b.length === 0 || (a.length + 1) * width > MOST_CELLS) {
    return [
      ["removed", a],
      ["added", b],
    ];
  }
  /** How long the longest common subsequence of what follows is. */
  const lengths = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const [below, right] = [lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!];
      lengths[i * width + j] = a[i] === b[j] ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(below, right);
    }
  }
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    // Everything that goes, then everything that comes, up to the next word that stays.
    const [gone, come]: [string[], string[]] = [[], []];
    while ((i < a.length || j < b.length) && !(i < a.length && j < b.length && a[i] === b[j])) {
      const goes = i < a.length && (j === b.length || lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!);
      if (goes) gone.push(a[i++]!);
      else come.push(b[j++]!);
    }
    steps.push(["removed", gone], ["added", come]);
    while (i < a.length && j < b.length && a[i] === b[j]) {
      steps.push(["same", [a[i]!]]);
      i++;
      j++;
    }
  }
  return steps;
}

function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Words, spaces, line ends and marks, each of its own. */
function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+|\n|[^\S\n]+|[^\p{L}\p{N}_\s]/gu) ?? [];
}
