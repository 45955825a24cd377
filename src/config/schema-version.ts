/** Changes with the schema, so that a file that was checked against another one is checked again. Made by scripts/reference.ts. */

export const SCHEMA_VERSION = "e0cae3d88c98eff1";
