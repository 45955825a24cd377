/** Changes with the schema, so that a file that was checked against another one is checked again. Made by scripts/reference.ts. */

export const SCHEMA_VERSION = "a52359bde3717286";
