/** The text of config.toml as it may be shown, secrets masked, and the way back. */
import { isSecretKey, MASK, maskText } from "../lib/mask.ts";
import { isTable } from "../lib/merge-patch.ts";
import { indexToml } from "../lib/toml-source.ts";
import { AlephError, type Issue } from "../protocol/errors.ts";
import { locate, parseDocument } from "./document.ts";
import { normalisePath, type Path, type Table } from "./normalise.ts";
import { isAllSecret, redact, redactUrl, restoreMasked } from "./redact.ts";
import { isReference } from "./secrets.ts";

/** Of this process alone: who may not see a secret of the file shall not try guesses against the revision. */
const revisionKey = crypto.getRandomValues(new Uint8Array(32));

/** Names one state of the file until the process ends. Tells nothing of the content. */
export function revisionOf(text: string): string {
  return new Bun.CryptoHasher("sha256", revisionKey).update(text).digest("hex");
}

export async function showText(text: string): Promise<string> {
  const { document, issues } = await parseDocument(text);
  // What cannot be read as TOML is masked by what its lines look like.
  if (issues.length > 0) return maskText(maskLines(text));
  return replaceComments(exchange(text, document, redact(document)), maskComment);
}

export interface MeantText {
  readonly text: string;
  readonly document: Table;
  /** Complete with lines; not empty when the text cannot be taken. */
  readonly issues: readonly Issue[];
}

/** The strings and comments of a TOML text, in their order: the sign of a comment within a string is none. */
const STRING_OR_COMMENT = /"""(?:\\[\s\S]|[^\\])*?"{3,5}|'''[\s\S]*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#.*/g;

function replaceComments(text: string, replace: (comment: string) => string): string {
  return text.replace(STRING_OR_COMMENT, (part) => (part.startsWith("#") ? replace(part) : part));
}

/** A key that was put out of force is a key all the same. */
function maskComment(comment: string): string {
  const [, mark = "", rest = ""] = /^(#+)(.*)$/.exec(comment) ?? [];
  return mark + maskText(maskLines(rest));
}

/** `shown` with the comments of `before` that were masked, each once, in their order. */
function restoreComments(shown: string, before: string): string {
  const masked = new Map<string, string[]>();
  replaceComments(before, (comment) => {
    const shownAs = maskComment(comment);
    if (shownAs !== comment) masked.set(shownAs, [...(masked.get(shownAs) ?? []), comment]);
    return comment;
  });
  return replaceComments(shown, (comment) => masked.get(comment)?.shift() ?? comment);
}

/** What is meant by `given`: where it holds what `showText` made of `before`, the secrets that stood there. */
export async function meantText(given: string, before: string): Promise<MeantText> {
  const [{ document, issues }, old] = await Promise.all([parseDocument(given), parseDocument(before)]);
  if (issues.length > 0) return { text: given, document, issues };
  const shown = restoreComments(given, before);
  const restored = restoreMasked(document, old.document);
  if (restored.problems.length > 0) return { text: shown, document, issues: locate(restored.problems, shown) };
  const text = exchange(shown, document, restored.document);
  const meant = await parseDocument(text);
  if (!Bun.deepEquals(meant.document, restored.document)) {
    throw new AlephError("conflict", "The text is written in a way in which its secrets cannot be put back", {
      data: { hint: "Change single values instead, or edit the file on the server" },
    });
  }
  return { text, document: restored.document, issues: [] };
}

/** `text` with the strings of `after` where it has those of `before`; all else stays as it is written. */
function exchange(text: string, before: Table, after: Table): string {
  let made = "";
  let at = 0;
  for (const { path, kind, valueStart, end } of indexToml(text)) {
    if (kind === "header" || valueStart < at) continue;
    const own = normalisePath(path);
    const [old, next] = [valueAt(before, own), valueAt(after, own)];
    if (typeof old !== "string" || typeof next !== "string" || old === next) continue;
    made += text.slice(at, valueStart) + quoted(next);
    at = end;
  }
  return made + text.slice(at);
}

/** As a TOML string; JSON escapes all that TOML wants escaped but DEL. */
function quoted(value: string): string {
  return JSON.stringify(value).replaceAll("\u007f", "\\u007f");
}

function valueAt(root: Table, path: Path): unknown {
  return path.reduce<unknown>((at, key) => {
    if (Array.isArray(at)) return at[Number(key)];
    return isTable(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }, root);
}

/** A key with its dots, the sign, and a value of whatever kind; of an inline table the bracket alone. */
const ASSIGNED =
  /(?<![\w.-])((?:[\w-]+|"[^"\n]*"|'[^'\n]*')(?:\.(?:[\w-]+|"[^"\n]*"|'[^'\n]*'))*)([ \t]*=[ \t]*)("""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'[^'\n]*'?|\[[^\]]*\]?|\{|[^\s,}\]#]*)/g;
const HEADER = /^(?=[ \t]*\[\[?[\w."'-]+\]\]?[ \t]*(?:#.*)?$)/gm;
const ADDRESS = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/[^\s"']*/gi;

/** Masks what looks like a secret where the text is not TOML, or a part of it. */
function maskLines(text: string): string {
  return text
    .split(HEADER)
    .map((section) => maskSection(section, isAllSecret(keysOf(/^[ \t]*\[\[?([\w."'-]+)\]/.exec(section)?.[1] ?? ""))))
    .join("");
}

function maskSection(text: string, isHidden: boolean): string {
  let made = "";
  let at = 0;
  const assigned = new RegExp(ASSIGNED);
  for (let found = assigned.exec(text); found; found = assigned.exec(text)) {
    const [, key = "", sign = "", value = ""] = found;
    const keys = keysOf(key);
    const isSecret = isHidden || isSecretKey(keys.at(-1) ?? "") || isAllSecret(keys);
    made += text.slice(at, found.index) + key + sign;
    at = found.index + found[0].length;
    if (value === "{" && isSecret) {
      const end = text.indexOf("}", at);
      at = end < 0 ? text.length : end + 1;
    }
    const isOpen = value === "" || (value === "{" && !isSecret) || isReference(value.replaceAll(/["']/g, "").trim());
    made += isSecret && !isOpen ? `"${MASK}"` : value.replace(ADDRESS, redactUrl);
    assigned.lastIndex = at;
  }
  return made + text.slice(at);
}

function keysOf(key: string): string[] {
  return key.split(".").map((part) => part.replaceAll(/["']/g, ""));
}
