/** What is read out of a document. */

export const DOCUMENT_KINDS = ["pdf", "docx", "xlsx", "pptx", "odt", "ods", "odp"] as const;
export type DocumentKind = (typeof DOCUMENT_KINDS)[number];

export interface DocumentPart {
  /** `Page 3`, `Sheet "Costs"`; empty for a document that is one piece. */
  readonly name: string;
  readonly text: string;
}

export interface ExtractedDocument {
  readonly kind: DocumentKind;
  readonly parts: readonly DocumentPart[];
  /** Whether there was more than is taken. */
  readonly cut: boolean;
}

/** Why a document cannot be read, in words for a person and a model. */
export class DocumentFault extends Error {}

/** Characters of text in all; what is longer is read in part. */
export const MAX_TEXT = 4_000_000;

/** Collects parts until there is enough. */
export class PartList {
  readonly parts: DocumentPart[] = [];
  #room = MAX_TEXT;
  #cut = false;

  get cut(): boolean {
    return this.#cut;
  }

  /** False when nothing more is taken. */
  add(name: string, text: string): boolean {
    const kept = text.slice(0, this.#room).toWellFormed();
    this.#room -= kept.length;
    if (kept.length < text.length) this.#cut = true;
    this.parts.push({ name, text: kept });
    return this.#room > 0;
  }

  stop(): void {
    this.#cut = true;
  }
}
