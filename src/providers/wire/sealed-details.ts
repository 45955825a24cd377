/** Sealed thinking of OpenRouter's `reasoning_details`: Gemini refuses its own calls without it. */
import { listOf, objectOf } from "./call.ts";

/** Kept as the signature of an empty thinking part: `details:<model> <json>`. Another model could not open it. */
const SEAL = "details:";

/** What of a delta's `reasoning_details` has to go back. */
export function sealedDetails(details: unknown): readonly unknown[] {
  return listOf(details).filter((detail) => objectOf(detail).type === "reasoning.encrypted");
}

export function sealDetails(model: string, details: readonly unknown[]): string {
  return `${SEAL}${model} ${JSON.stringify(details)}`;
}

/** Those that `model` made, of the signatures of one message. */
export function openDetails(model: string, seals: readonly string[]): readonly unknown[] {
  const own = `${SEAL}${model} `;
  return seals.flatMap((seal) => (seal.startsWith(own) ? read(seal.slice(own.length)) : []));
}

function read(text: string): readonly unknown[] {
  try {
    return listOf(JSON.parse(text));
  } catch {
    // A client of `/v1` may send back anything.
    return [];
  }
}
