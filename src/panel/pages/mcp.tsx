/** The MCP servers: those that are held first, then each with its state, its tools and what to do with it. */
import { useEffect } from "preact/hooks";
import { usePanel, useT } from "../components/context.ts";
import { ExtensionsHead } from "../components/extensions-head.tsx";
import { Failure } from "../components/failure.tsx";
import { Late } from "../components/late.tsx";
import { ServerCard } from "../components/server-card.tsx";
import { ServerRow } from "../components/server-row.tsx";

export function McpPage() {
  const t = useT();
  const { mcp } = usePanel();
  const phase = mcp.phase.value;
  const list = mcp.list.value;
  useEffect(() => void mcp.load(), [mcp]);
  return (
    <>
      <ExtensionsHead page="mcp" />
      <div class="settings entries">
        {list
          ?.filter(({ pending }) => pending !== null)
          .map((server) => (
            <ServerCard key={`${server.name} ${server.pending?.sha256}`} server={server} />
          ))}
        {phase.kind === "loading" && !list && <Late>{t("mcp.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => mcp.load()} />}
        {list?.length === 0 && (
          <p class="aside">
            {t("mcp.none")} <code>[mcp.servers.…]</code>
          </p>
        )}
        {list && list.length > 0 && (
          <section>
            <h2>{t("mcp.all", { count: list.length })}</h2>
            {list.map((server) => (
              <ServerRow key={server.name} server={server} />
            ))}
          </section>
        )}
      </div>
    </>
  );
}
