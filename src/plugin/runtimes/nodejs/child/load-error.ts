/** Why an entry could not be loaded, and where in the plugin's files. */
import { messageOf } from "./handlers.ts";

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The message and the data of the answer. */
export function describeLoadError(thrown: unknown): [message: string, data: Readonly<Record<string, unknown>>] {
  const first = thrown instanceof AggregateError && thrown.errors.length > 0 ? thrown.errors[0] : thrown;
  const place = positionOf(first) ?? frameOf(first);
  const kind = first instanceof Error && first.name !== "Error" && !place?.column ? `${first.name}: ` : "";
  return [`${kind}${messageOf(first)}`, { code: "start", ...(place ? { ...place, file: shown(place.file) } : {}) }];
}

/** Of a message of Bun's parser or resolver. */
function positionOf(thrown: unknown): Place | undefined {
  const position = (thrown as { readonly position?: Partial<Place> | null } | null)?.position;
  if (!position?.file || !position.line) return undefined;
  return { file: position.file, line: position.line, column: position.column ?? 0 };
}

/** The innermost place in the plugin's own files. */
function frameOf(thrown: unknown): Place | undefined {
  const stack = thrown instanceof Error ? (thrown.stack ?? "") : "";
  const folder = process.cwd();
  for (const [, file, line, column] of stack.matchAll(/^\s+at .*?\(?(?:file:\/\/)?(\/[^()\n]+?):(\d+):(\d+)\)?$/gm)) {
    if (file!.startsWith(`${folder}/`)) return { file: file!, line: Number(line), column: Number(column) };
  }
  return undefined;
}

function shown(file: string): string {
  const folder = `${process.cwd()}/`;
  return file.startsWith(folder) ? file.slice(folder.length) : file;
}
