/** This run beside the last stored one: what each number was, and by how much it changed. */
import type { Row } from "./bench.ts";

export interface Measured {
  /** Machine and day. */
  readonly machine: string;
  readonly rows: readonly Row[];
}

/** A table, or a sentence when there is nothing to compare with. Machines differ: the reader is told which one it was. */
export function compare(rows: readonly Row[], before: Measured | undefined): string {
  if (!before) return "No run is stored: --store keeps this one";
  const known = new Map(before.rows.map((row) => [row.name, row]));
  const lines = rows.map((row) => {
    const old = known.get(row.name);
    return `| ${row.name} | ${shown(row)} | ${old ? shown(old) : "new"} | ${old ? change(row, old) : ""} |`;
  });
  const gone = before.rows.filter(({ name }) => !rows.some((row) => row.name === name)).map(({ name }) => name);
  return [
    `Beside ${before.machine}:`,
    "",
    "| measured | now | before | change |",
    "|---|---|---|---|",
    ...lines,
    ...(gone.length > 0 ? ["", `Not measured this time: ${gone.join(", ")}`] : []),
  ].join("\n");
}

/** What a bar is about is a ratio and travels between machines; other numbers only say what they were. */
function shown({ aleph, bar }: Row): string {
  return bar ? bar.value : aleph;
}

function change(now: Row, before: Row): string {
  const [a, b] = [numberIn(shown(now)), numberIn(shown(before))];
  if (a === undefined || b === undefined || b === 0) return "";
  const percent = Math.round((a / b - 1) * 100);
  return percent === 0 ? "0 %" : `${percent > 0 ? "+" : "−"}${Math.abs(percent)} %`;
}

/** The first one, with commas between thousands. */
function numberIn(text: string): number | undefined {
  const [found] = /-?\d[\d,]*(?:\.\d+)?/.exec(text) ?? [];
  return found === undefined ? undefined : Number(found.replaceAll(",", ""));
}
