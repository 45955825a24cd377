/** Changes with the schema, so that a file that was checked against another one is checked again. Made by scripts/reference.ts. */

export const SCHEMA_VERSION = "bc33c74a22b63e8b";
