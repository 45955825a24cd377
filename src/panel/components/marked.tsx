/** A text in which the words that were looked for are marked. */

export function Marked({ text, words }: { text: string; words: string }) {
  return <>{piecesOf(text, words).map(({ at, piece, isWord }) => (isWord ? <mark key={at}>{piece}</mark> : piece))}</>;
}

export function piecesOf(text: string, words: string) {
  const wanted = words
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .toSorted((a, b) => b.length - a.length);
  if (wanted.length === 0) return [{ at: 0, piece: text, isWord: false }];
  let at = 0;
  return text.split(new RegExp(`(${wanted.join("|")})`, "giu")).map((piece, index) => {
    const found = { at, piece, isWord: index % 2 === 1 };
    at += piece.length;
    return found;
  });
}
