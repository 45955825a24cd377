/** Codes that people read from one screen and type at another. */

/** No 0, 1, I, L, O, U. */
const LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 8;

/** About 39 random bits: each letter with the same chance, as bytes above the last whole multiple are thrown away. */
export function createShortCode(): string {
  const limit = 256 - (256 % LETTERS.length);
  let code = "";
  while (code.length < LENGTH) {
    const [byte = 255] = crypto.getRandomValues(new Uint8Array(1));
    if (byte < limit) code += LETTERS[byte % LETTERS.length];
  }
  return code;
}

/** As it was made, however a person writes it. */
export function canonicalShortCode(typed: string): string {
  return typed.toUpperCase().replace(/[\s-]/g, "");
}
