/** Whether something that a plugin sent is a moderate list of headers. */

const MAX_HEADERS = 500;

export function arePairs(value: unknown): value is [string, string][] {
  return Array.isArray(value) && value.length <= MAX_HEADERS && value.every(isPair);
}

function isPair(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((text) => typeof text === "string");
}
