/** Finds what a kind of provider knows of a model that it was not asked for. */
import type { ModelFacts, ModelInfo } from "../../sdk/provider.ts";

/** A version that is fixed by its date is the model without the date. */
const DATED = /-(\d{8}|\d{4}-\d\d-\d\d)$/;

/** `at` is Unix milliseconds: a price that has run out is not told. */
export function factsOf(
  known: Readonly<Record<string, ModelFacts>> | undefined,
  model: string,
  at: number,
): Omit<ModelInfo, "id"> {
  const undated = model.replace(DATED, "");
  const name = known === undefined ? undefined : [model, undated].find((id) => Object.hasOwn(known, id));
  if (known === undefined || name === undefined) return {};
  const { priceUntil, ...facts } = known[name]!;
  if (priceUntil === undefined || at < Date.parse(priceUntil)) return facts;
  const { price: _past, ...rest } = facts;
  return rest;
}
