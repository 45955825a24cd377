/** QR codes (ISO/IEC 18004) for terminals. */
import { encode } from "uqr";

/** Two modules to a character and a quiet zone around; light modules are drawn, so it is right on a dark ground. */
export function drawQr(text: string): string[] {
  const { data, size } = encode(text, { ecc: "M", border: 2 });
  const isDark = (row: number, column: number): boolean => data[row]?.[column] ?? false;
  const lines: string[] = [];
  for (let row = 0; row < size; row += 2) {
    let line = "";
    for (let column = 0; column < size; column++) {
      const [above, below] = [isDark(row, column), row + 1 < size ? isDark(row + 1, column) : true];
      line += above ? (below ? " " : "▄") : below ? "▀" : "█";
    }
    lines.push(line);
  }
  return lines;
}
