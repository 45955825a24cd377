/** A Python that has the package `mcp`, for servers that are written with the SDK of that language. */
import { pythonTests } from "../python.ts";

export const pythonTest = pythonTests({
  package: "mcp",
  module: "mcp.server",
  folder: "python-mcp",
  named: "ALEPH_MCP_PYTHON",
  required: "ALEPH_REQUIRE_PYTHON_MCP",
});
