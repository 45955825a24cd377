/** Counts what is in a text; AssemblyScript, built by `bun run build` into plugin.wasm. */
import { Host } from "@extism/as-pdk";
import { isEnd, isIdeograph, isJoined, isLetter, isSpace } from "./characters";

const READING_WORDS_A_MINUTE: f64 = 230;
const FREQUENT_WORDS = 10;

class Counts {
  characters: i32 = 0;
  spaces: i32 = 0;
  words: i32 = 0;
  sentences: i32 = 0;
  paragraphs: i32 = 0;
  lines: i32 = 0;
  longest: string = "";
  byWord: Map<string, i32> = new Map<string, i32>();

  word(word: string): void {
    this.words++;
    const key = word.toLowerCase();
    this.byWord.set(key, this.byWord.has(key) ? this.byWord.get(key) + 1 : 1);
    if (codePoints(word) > codePoints(this.longest)) this.longest = word;
  }
}

export function text_statistics(): i32 {
  // Not `outputString`, which takes the characters of a text for its bytes.
  Host.output(Uint8Array.wrap(String.UTF8.encode(toJson(count(Host.inputString())))));
  return 0;
}

function count(text: string): Counts {
  const counts = new Counts();
  let wordFrom = -1;
  let lineHasText = false;
  let paragraphIsOpen = false;
  let sentenceIsOpen = false;
  let lastEnded = false;
  if (text.length > 0) counts.lines = 1;

  let at = 0;
  while (at < text.length) {
    const code = text.codePointAt(at);
    const size = code > 0xffff ? 2 : 1;
    const next = at + size < text.length ? text.codePointAt(at + size) : 0;
    counts.characters++;

    // An ideograph is a word of its own; a letter goes on with its word, and so does what joins two letters.
    const goesOn = isLetter(code) || (wordFrom >= 0 && isJoined(code, next));
    if (wordFrom >= 0 && !goesOn) {
      counts.word(text.substring(wordFrom, at));
      wordFrom = -1;
    }
    if (isIdeograph(code)) counts.word(text.substring(at, at + size));
    else if (goesOn && wordFrom < 0) wordFrom = at;
    if (isIdeograph(code) || goesOn) {
      sentenceIsOpen = true;
      lastEnded = false;
    }

    if (isSpace(code)) {
      counts.spaces++;
      if (lastEnded && sentenceIsOpen) {
        counts.sentences++;
        sentenceIsOpen = false;
      }
      lastEnded = false;
    } else {
      lineHasText = true;
      if (!paragraphIsOpen) {
        paragraphIsOpen = true;
        counts.paragraphs++;
      }
      if (isEnd(code)) lastEnded = true;
      // The full stop of a script without spaces ends a sentence wherever it stands.
      if (isEnd(code) && code > 0x3000 && sentenceIsOpen) {
        counts.sentences++;
        sentenceIsOpen = false;
      }
    }
    if (code === 0x0a) {
      counts.lines++;
      if (!lineHasText) paragraphIsOpen = false;
      lineHasText = false;
    }
    at += size;
  }
  // A line feed at the end ends the last line and begins none.
  if (text.endsWith("\n")) counts.lines--;
  if (wordFrom >= 0) counts.word(text.substring(wordFrom));
  if (sentenceIsOpen) counts.sentences++;
  return counts;
}

function toJson(counts: Counts): string {
  const minutes = Math.ceil((<f64>counts.words / READING_WORDS_A_MINUTE) * 10) / 10;
  return (
    `{"characters":${counts.characters},"characters_without_spaces":${counts.characters - counts.spaces},` +
    `"words":${counts.words},"unique_words":${counts.byWord.size},"sentences":${counts.sentences},` +
    `"paragraphs":${counts.paragraphs},"lines":${counts.lines},"longest_word":"${counts.longest}",` +
    `"reading_minutes":${minutes},"frequent_words":[${frequent(counts.byWord)}]}`
  );
}

/** Those that come more than once, the most frequent first. Words are letters and joiners, which JSON takes as they are. */
function frequent(byWord: Map<string, i32>): string {
  const words = byWord.keys();
  const parts: string[] = [];
  while (parts.length < FREQUENT_WORDS) {
    let best = "";
    let bestCount = 1;
    for (let index = 0; index < words.length; index++) {
      const word = words[index];
      const times = byWord.has(word) ? byWord.get(word) : 0;
      if (times > bestCount || (times === bestCount && times > 1 && word < best)) {
        best = word;
        bestCount = times;
      }
    }
    if (best.length === 0) break;
    parts.push(`{"word":"${best}","count":${bestCount}}`);
    byWord.delete(best);
  }
  return parts.join(",");
}

function codePoints(text: string): i32 {
  let count = 0;
  for (let at = 0; at < text.length; at += text.codePointAt(at) > 0xffff ? 2 : 1) count++;
  return count;
}
