/** A page as text: its accessibility tree, with a reference at each thing that can be acted upon. */

export interface AxNode {
  readonly nodeId: string;
  readonly ignored: boolean;
  readonly role?: { readonly value?: unknown };
  readonly name?: { readonly value?: unknown };
  readonly value?: { readonly value?: unknown };
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value?: unknown } }[];
  readonly childIds?: readonly string[];
  readonly backendDOMNodeId?: number;
}

const MAX_TEXT = 30_000;
const MAX_NAME = 300;
const MAX_INDENT = 20;
/** They hold others and say nothing themselves. */
const SILENT = new Set([
  "none",
  "generic",
  "InlineTextBox",
  "LineBreak",
  "RootWebArea",
  "Section",
  "Abbr",
  "paragraph",
  "LabelText",
  "MenuListPopup",
]);
const ACTING = new Set([
  ...["button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "switch", "slider", "spinbutton"],
  ...["menuitem", "menuitemcheckbox", "menuitemradio", "tab", "option", "treeitem", "listbox", "DisclosureTriangle"],
  ...["Date", "DateTime", "InputTime", "ColorWell", "PopUpButton"],
]);
/** Worth saying when they are set. */
const STATES = ["checked", "disabled", "expanded", "pressed", "required", "readonly", "selected", "focused", "invalid"];

/** `refOf` names a node of the browser. */
export function renderSnapshot(nodes: readonly AxNode[], refOf: (node: number) => string): string {
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const lines: string[] = [];
  let size = 0;
  const pending: { readonly node: AxNode; readonly depth: number; readonly inside: string }[] = [];
  const root = nodes[0];
  if (root) pending.push({ node: root, depth: 0, inside: "" });
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, depth, inside } = next;
    const line = describe(node, inside, refOf);
    if (line !== undefined) {
      const text = `${"  ".repeat(Math.min(depth, MAX_INDENT))}- ${line}`;
      size += text.length + 1;
      if (size > MAX_TEXT) {
        lines.push("[the rest of the page was left out]");
        break;
      }
      lines.push(text);
    }
    const name = line === undefined ? inside : textOf(node.name);
    const children = (node.childIds ?? []).flatMap((id) => byId.get(id) ?? []);
    for (const child of children.toReversed())
      pending.push({ node: child, depth: line === undefined ? depth : depth + 1, inside: name });
  }
  return lines.length === 0 ? "[the page is empty]" : lines.join("\n");
}

function describe(node: AxNode, inside: string, refOf: (node: number) => string): string | undefined {
  if (node.ignored) return undefined;
  const role = String(node.role?.value ?? "");
  const name = textOf(node.name);
  // The name of a button or a heading is its text already.
  if (role === "StaticText") return name === "" || inside.includes(name) ? undefined : `text ${JSON.stringify(name)}`;
  const property = (wanted: string) => node.properties?.find((each) => each.name === wanted)?.value.value;
  const acts = ACTING.has(role) || (property("focusable") === true && role !== "RootWebArea");
  if (!acts && (SILENT.has(role) || role === "")) return undefined;
  const ref = acts && node.backendDOMNodeId !== undefined ? refOf(node.backendDOMNodeId) : undefined;
  const value = textOf(node.value);
  const level = property("level");
  const url = role === "link" ? textOf({ value: property("url") }) : "";
  const states = STATES.flatMap((state) => {
    const set = property(state);
    if (set === undefined || set === false || set === "false")
      return state === "expanded" && set === false ? ["collapsed"] : [];
    return [set === true || set === "true" ? state : `${state} ${String(set)}`];
  });
  return [
    role,
    ...(level === undefined ? [] : [String(level)]),
    ...(name === "" ? [] : [JSON.stringify(name)]),
    ...(ref === undefined ? [] : [`[${ref}]`]),
    ...(value === "" || value === name ? [] : [`= ${JSON.stringify(value)}`]),
    ...(states.length === 0 ? [] : [`(${states.join(", ")})`]),
    ...(url === "" ? [] : [`-> ${url}`]),
  ].join(" ");
}

/** On one line, and nothing in it that hides what it is. */
function textOf(field: { readonly value?: unknown } | undefined): string {
  const text = String(field?.value ?? "")
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim();
  return text.length > MAX_NAME ? `${text.slice(0, MAX_NAME).toWellFormed()}…` : text;
}
