/** Changes with the schema, so that a file that was checked against another one is checked again. Made by scripts/reference.ts. */

export const SCHEMA_VERSION = "4767be06a5254ea6";
