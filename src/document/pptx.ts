/** The text of a presentation, slide by slide, with the speaker's notes. */
import { Blocks } from "./blocks.ts";
import { DocumentFault, PartList } from "./extracted.ts";
import type { DocumentPackage } from "./package.ts";
import { readRelations, resolveTarget, walkXml } from "./xml.ts";

export function readPptx(archive: DocumentPackage): PartList {
  const presentation = archive.text("ppt/presentation.xml");
  if (presentation === undefined) throw new DocumentFault("it has no presentation part");
  const relations = readRelations(archive.text("ppt/_rels/presentation.xml.rels"));
  const list = new PartList();
  let number = 0;
  for (const id of slideIds(presentation)) {
    const relation = relations.get(id);
    if (relation === undefined) continue;
    number++;
    const path = resolveTarget("ppt", relation.target);
    const slide = archive.text(path);
    if (slide === undefined) continue;
    const notes = notesOf(archive, path);
    const text = [textOf(slide), ...(notes === "" ? [] : [`Notes: ${notes}`])]
      .filter((each) => each !== "")
      .join("\n\n");
    if (!list.add(`Slide ${number}`, text)) break;
  }
  return list;
}

function slideIds(xml: string): readonly string[] {
  const ids: string[] = [];
  walkXml(xml, {
    open(name, { id }) {
      if (name === "sldId" && id !== undefined) ids.push(id);
    },
  });
  return ids;
}

function notesOf(archive: DocumentPackage, slide: string): string {
  const at = slide.lastIndexOf("/");
  const folder = slide.slice(0, at);
  const relations = readRelations(archive.text(`${folder}/_rels/${slide.slice(at + 1)}.rels`));
  const notes = [...relations.values()].find(({ type }) => type === "notesSlide");
  const xml = notes && archive.text(resolveTarget(folder, notes.target));
  return xml === undefined ? "" : textOf(xml);
}

/** Fields such as the slide's number are left out: they say nothing by themselves. */
function textOf(xml: string): string {
  const blocks = new Blocks();
  let inText = false;
  let inField = false;
  let hidden = 0;
  walkXml(xml, {
    open(name) {
      if (name === "Fallback") hidden++;
      if (hidden > 0) return;
      if (name === "t") inText = true;
      else if (name === "fld") inField = true;
      else if (name === "br") blocks.write("\n");
      else if (name === "tbl") blocks.openTable();
      else if (name === "tr") blocks.openRow();
    },
    close(name) {
      if (name === "Fallback") hidden--;
      if (hidden > 0) return;
      if (name === "t") inText = false;
      else if (name === "fld") inField = false;
      else if (name === "p") blocks.paragraph();
      else if (name === "tc") blocks.closeCell();
      else if (name === "tbl") blocks.closeTable();
    },
    text(text) {
      if (inText && !inField && hidden === 0) blocks.write(text);
    },
  });
  return blocks.text();
}
