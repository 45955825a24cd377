/** Walks through the XML of an office document by the local names of its elements, whatever their prefixes. */
import { Parser } from "./packages.ts";

export type Attributes = Readonly<Record<string, string>>;

export interface XmlHandler {
  open?(name: string, attributes: Attributes): void;
  close?(name: string): void;
  text?(text: string): void;
}

/**
 * Attributes go by their local names as well. Entities besides those of XML itself stay as they are written: none is
 * looked up, loaded or grown. What is not well formed is passed over as far as it goes.
 */
export function walkXml(xml: string, handler: XmlHandler): void {
  const give = (text: string) => handler.text?.(text);
  new Parser()
    .on("openTag", (name, attributes) => handler.open?.(local(name), localised(attributes())))
    .on("closeTag", (name) => handler.close?.(local(name)))
    .on("text", (text) => give(decode(text)))
    .on("cdata", give)
    .on("error", passOver)
    .on("warn", passOver)
    .parse(xml);
}

function passOver(): void {}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", apos: "'", gt: ">", lt: "<", quot: '"' };

function decode(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,4}));/gi, (found, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? found;
    const point = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : "";
  });
}

function local(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

/** Where the same name comes with a prefix and without one, as in `id` and `r:id`, the one with the prefix counts. */
function localised(attributes: Readonly<Record<string, string>>): Attributes {
  const entries = Object.entries(attributes);
  const bare = entries.filter(([name]) => !name.includes(":"));
  const prefixed = entries.filter(([name]) => name.includes(":"));
  return Object.fromEntries([...bare, ...prefixed].map(([name, value]) => [local(name), decode(value)]));
}

/** The targets of a part's relations by their ids: `rId3` is `worksheets/sheet1.xml`. */
export function readRelations(xml: string | undefined): ReadonlyMap<string, { target: string; type: string }> {
  const targets = new Map<string, { target: string; type: string }>();
  walkXml(xml ?? "", {
    open(name, { Id, Target, Type = "" }) {
      if (name === "Relationship" && Id !== undefined && Target !== undefined) {
        targets.set(Id, { target: Target, type: Type.slice(Type.lastIndexOf("/") + 1) });
      }
    },
  });
  return targets;
}

/** `../slides/slide1.xml` as seen from `ppt/notesSlides` is `ppt/slides/slide1.xml`. */
export function resolveTarget(folder: string, target: string): string {
  if (target.startsWith("/")) return target.slice(1);
  const parts = folder.split("/").filter((part) => part !== "");
  for (const part of target.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
