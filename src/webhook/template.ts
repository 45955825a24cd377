/**
 * Templates of messages: `{{path.to.field}}` takes a field of what came, `{{a.b || c[0] || "nothing"}}` the first that is there, `{{$}}`
 * all of it. What is filled in is never read as a template again, and whoever takes the message knows which pieces of it came in.
 */

export interface Rendered {
  readonly text: string;
  /** Pieces that came from outside, as the offsets where they begin and end; in order. */
  readonly outside: readonly (readonly [number, number])[];
}

export interface Names {
  /** `{{$event}}`: what the sender calls it. */
  readonly event: string;
  /** `{{$name}}`: the webhook's own. */
  readonly name: string;
}

type Path = readonly string[];
type Choice =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "all" }
  | { readonly kind: "name"; readonly name: keyof Names }
  | { readonly kind: "text"; readonly text: string };
type Piece = string | readonly Choice[];

/** Characters of one field, and of all together. */
const MAX_FIELD = 20_000;
const MAX_TEXT = 100_000;
const MAX_PLACES = 100;
const MAX_DEPTH = 20;

const PLACE = /\{\{([^{}]*)\}\}/g;
const CHOICE = /^(?:\$(?<special>event|name)?|"(?<text>[^"]*)"|(?<path>[^\s"$|.[\]]+(?:\.[^\s"|.[\]]+|\[\d{1,6}\])*))$/;

/** Why it is none; undefined when it is one. */
export function templateFault(template: string): string | undefined {
  try {
    parseTemplate(template);
    return undefined;
  } catch (thrown) {
    return thrown instanceof SyntaxError ? thrown.message : String(thrown);
  }
}

/** Throws `SyntaxError`. */
function parseTemplate(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let last = 0;
  for (const match of template.matchAll(PLACE)) {
    pieces.push(template.slice(last, match.index), parsePlace(match[1]!));
    last = match.index + match[0].length;
  }
  pieces.push(template.slice(last));
  const open = pieces.find((piece) => typeof piece === "string" && piece.includes("{{"));
  if (open !== undefined) throw new SyntaxError('has "{{" without its "}}"');
  if (pieces.length > 2 * MAX_PLACES + 1) throw new SyntaxError(`has more than ${MAX_PLACES} places`);
  return pieces;
}

function parsePlace(text: string): readonly Choice[] {
  return text.split("||").map((part): Choice => {
    const groups = CHOICE.exec(part.trim())?.groups;
    if (!groups) {
      throw new SyntaxError(`cannot read ${JSON.stringify(`{{${text}}}`)}: write a path such as {{issue.title}}`);
    }
    if (groups.text !== undefined) return { kind: "text", text: groups.text };
    if (groups.path !== undefined) return { kind: "path", path: parsePath(groups.path) };
    return groups.special === undefined ? { kind: "all" } : { kind: "name", name: groups.special as keyof Names };
  });
}

function parsePath(text: string): Path {
  return text.replace(/\[(\d+)\]/g, ".$1").split(".");
}

/** A field of what came, in the way that templates name it. */
export function fieldOf(payload: unknown, path: string): unknown {
  return valueAt(payload, parsePath(path));
}

/** Throws `SyntaxError` for what `templateFault` finds. */
export function renderTemplate(template: string, payload: unknown, names: Names): Rendered {
  let text = "";
  const outside: [number, number][] = [];
  for (const piece of parseTemplate(template)) {
    if (typeof piece === "string") {
      text += piece;
      continue;
    }
    const { said, isOurs } = choose(piece, payload, names);
    const shown = cut(said, Math.max(0, Math.min(MAX_FIELD, MAX_TEXT - text.length)));
    if (!isOurs && shown !== "") outside.push([text.length, text.length + shown.length]);
    text += shown;
  }
  return { text, outside };
}

function choose(choices: readonly Choice[], payload: unknown, names: Names): { said: string; isOurs: boolean } {
  for (const choice of choices) {
    if (choice.kind === "text") return { said: choice.text, isOurs: true };
    // An event's name is the sender's word.
    const value =
      choice.kind === "name" ? names[choice.name] : choice.kind === "all" ? payload : valueAt(payload, choice.path);
    if (value === undefined || value === null || value === "") continue;
    return { said: shownOf(value), isOurs: choice.kind === "name" && choice.name === "name" };
  }
  return { said: "", isOurs: true };
}

function shownOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
}

/** Own fields alone: nothing of what every object has. */
function valueAt(value: unknown, path: Path): unknown {
  if (path.length > MAX_DEPTH) return undefined;
  let at = value;
  for (const key of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = text
    .slice(0, most)
    .toWellFormed()
    .replace(/\uFFFD$/, "");
  return `${kept}… (${text.length - kept.length} characters left out)`;
}
