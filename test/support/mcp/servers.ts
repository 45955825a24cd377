/** MCP servers for tests: real ones from npm, and one that misbehaves as it is told. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { McpServerTable } from "../../../src/config/schema.ts";

/** Every tool runs without a question. */
const FREE = { tools: { allow: ["*"] } };

export function everythingServer(more: McpServerTable = {}): McpServerTable {
  const entry = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"));
  return { command: process.execPath, args: [entry], ...FREE, ...more };
}

export function filesystemServer(folder: string, more: McpServerTable = {}): McpServerTable {
  const entry = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-filesystem/dist/index.js"));
  return { command: process.execPath, args: [entry, folder], ...FREE, ...more };
}

export type OddMode = "good" | "rug-silent" | "rug-loud" | "silent" | "exits" | "babbles";

export function oddServer(mode: OddMode, more: McpServerTable = {}): McpServerTable {
  return { command: process.execPath, args: [join(import.meta.dir, "odd-server.js"), mode], ...FREE, ...more };
}
