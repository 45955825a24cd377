/** What OpenTUI writes, as this terminal understands it: sixteen colours by their own codes, and the cursor in its own colour. */
import type { Depth } from "./theme.ts";

const ESC = "\x1b";
/** The beginning of a sequence whose end is still to come. */
const BEGUN = new RegExp(`${ESC}(?:\\[[\\d;?]*|\\][^\\x07${ESC}]*)?$`);
const CURSOR_COLOUR = new RegExp(`${ESC}\\](?:12;[^\\x07${ESC}]*|112)(?:\\x07|${ESC}\\\\)`, "g");
const SIXTEEN = /38;(?:5;(\d+)|2;(\d+);0;1)(?=[;m])/g;

/** OpenTUI gives a colour of the palette away as red, green and blue where it knows of none; by these it is told again. */
export const snapshotOf = (index: number): readonly [number, number, number] => [index, 0, 1];

/** Works on bytes as Latin-1; pieces may end anywhere. */
export function createFilter(depth: Depth): (bytes: string) => string {
  let held = "";
  return (bytes) => {
    let text = held + bytes;
    held = BEGUN.exec(text)?.[0] ?? "";
    text = text.slice(0, text.length - held.length).replace(CURSOR_COLOUR, "");
    return depth === 16 ? text.replace(SIXTEEN, (_, a?: string, b?: string) => codeOf(Number(a ?? b))) : text;
  };
}

function codeOf(index: number): string {
  return String(index < 8 ? 30 + index : 82 + index);
}

/** A stream that writes to `out` what the filter leaves. */
export function createOutput(out: NodeJS.WriteStream, depth: Depth): NodeJS.WriteStream {
  const filter = createFilter(depth);
  const write = (chunk: Uint8Array | string, done?: () => void): boolean => {
    // The bytes belong to the library, which uses their place again.
    const bytes = Buffer.from(chunk as Uint8Array);
    return out.write(Buffer.from(filter(bytes.toString("latin1")), "latin1"), () => done?.());
  };
  return Object.create(out, {
    write: { value: write, writable: true },
    isTTY: { value: out.isTTY },
    columns: { get: () => out.columns },
    rows: { get: () => out.rows },
  }) as NodeJS.WriteStream;
}
