/** MCP servers for tests: real ones from npm, and one that misbehaves as it is told. */
import { join } from "node:path";
import type { McpServerTable } from "../../../src/config/schema.ts";

const packages = join(import.meta.dir, "../../../node_modules/@modelcontextprotocol");

/** Every tool runs without a question. */
const FREE = { tools: { allow: ["*"] } };

export function everythingServer(more: McpServerTable = {}): McpServerTable {
  const entry = join(packages, "server-everything/dist/index.js");
  return { command: process.execPath, args: [entry], ...FREE, ...more };
}

export function filesystemServer(folder: string, more: McpServerTable = {}): McpServerTable {
  const entry = join(packages, "server-filesystem/dist/index.js");
  return { command: process.execPath, args: [entry, folder], ...FREE, ...more };
}

export type OddMode = "good" | "rug-silent" | "rug-loud" | "silent" | "deaf" | "exits" | "babbles";

export function oddServer(mode: OddMode, more: McpServerTable = {}): McpServerTable {
  return { command: process.execPath, args: [join(import.meta.dir, "odd-server.js"), mode], ...FREE, ...more };
}
