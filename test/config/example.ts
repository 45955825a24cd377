/** A config.toml that uses every section. */

export const EXAMPLE = `#:schema ./config.schema.json
# Aleph

[gateway]
host = "127.0.0.1" # loopback only
port = 18791
allowed_origins = [
  "https://panel.example", # the tailnet
  "https://other.example",
]
allowed_hosts = ["panel.example"]
max_payload = 1_048_576

[auth]
mode = "token"

# Where the models are
[providers.anthropic]
api_key = "env:ANTHROPIC_API_KEY"

[providers.local]
type = "openai-compatible"
api_key = "local-canary-0001"
base_url = "http://user:hunter2@127.0.0.1:8080/v1?key=abc&x=1"
models = ["small", { id = "large", context_window = 32000, price = { input = 0.1, output = 0.2 } }]
headers = { x-custom = "header-canary", authorization = "env:LOCAL_AUTH" }
timeout_ms = 60000

[models]
default = "anthropic/claude"
fallbacks = ["local/large"]
aliases = { fast = "local/small" }

[agents.main]
thinking = "medium"
prompt_files = ["SOUL.md"]
tools = { deny = ["exec"] }

[runs]
on_restart = "interrupt"

[exec]
timeout_ms = 60_000
path = ["/usr/bin", "/bin"]

[tools.web_fetch]
allow_hosts = ["wiki.home:8080"]

[limits.rate]
read = 100

[limits.run]
steps = 20
cost_usd = 0.5

[log]
level = "debug"
`;
