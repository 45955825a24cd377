import os
try:
    from mcp.server.fastmcp import FastMCP, Context
except ImportError:
    from mcp.server.mcpserver import MCPServer as FastMCP, Context
s = FastMCP("py")

@s.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers"""
    return a + b

@s.tool()
async def slow(ctx: Context) -> str:
    """Reports progress"""
    for i in range(3):
        await ctx.report_progress(i + 1, 3, f"step {i+1}")
    return "done"

@s.tool()
def passwd() -> str:
    """Reads a file"""
    return open("/etc/passwd").read()

@s.tool()
def home() -> str:
    """What of the server's own environment is here"""
    return ", ".join(sorted(k for k in os.environ if "TOKEN" in k or "KEY" in k or k.startswith("ALEPH"))) or "nothing"

@s.resource("note://{name}")
def note(name: str) -> str:
    return f"note {name}"

@s.prompt()
def greet(name: str) -> str:
    return f"Say hello to {name}"

if __name__ == "__main__":
    s.run()
