/** One MCP server: its state and why, its tools with what it says of them, and what to do with it. */
import type { McpStatus } from "../../protocol/mcp-state.ts";
import type { ShownServer } from "../state/mcp.ts";
import { usePanel, useT } from "./context.ts";
import { Entry, Fact, Faults } from "./entry.tsx";
import { ServerLogin } from "./server-login.tsx";
import { exactText } from "./tool-words.ts";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

const TONES: Partial<Record<McpStatus, "ok" | "warn" | "danger">> = {
  running: "ok",
  held: "warn",
  login_required: "warn",
  waiting: "danger",
  failed: "danger",
};
const STARTABLE: ReadonlySet<McpStatus> = new Set(["idle", "waiting", "stopped", "failed"]);
const STOPPABLE: ReadonlySet<McpStatus> = new Set(["idle", "starting", "running", "waiting"]);

export function ServerRow({ server }: { server: ShownServer }) {
  const t = useT();
  const { name, status, error, tools, about } = server;
  const isWell = !error || status === "running";
  // It failed, and the next use tries again.
  const shown = status === "idle" && error ? "waiting" : status;
  return (
    <Entry
      id={name}
      name={name}
      version={about?.version ?? null}
      about={isWell ? (tools.length > 0 ? t("mcp.tools_count", { count: tools.length }) : "") : error.message}
      state={t(`mcp.status_${shown}`)}
      tone={TONES[shown]}
    >
      {() => <Opened server={server} />}
    </Entry>
  );
}

function Opened({ server }: { server: ShownServer }) {
  const t = useT();
  const { mcp } = usePanel();
  const { busy, trouble, run } = useAct();
  const { status, error, about, transport, pid, sandbox, configured, tools, approved_by } = server;
  return (
    <>
      {error && status !== "running" && <Faults error={error} />}
      <dl class="fact-list">
        {about && (
          <Fact name={t("mcp.calls_itself")}>
            {exactText(about.name)} {exactText(about.version)}
          </Fact>
        )}
        <Fact name={t("mcp.transport")}>{t(`mcp.transport_${transport}`)}</Fact>
        {pid !== null && <Fact name={t("mcp.process")}>{pid}</Fact>}
        {sandbox !== null && <Fact name={t("plugins.sandbox")}>{t(`plugins.sandbox_${sandbox}`)}</Fact>}
        {!configured && <Fact name={t("plugins.source")}>{t("mcp.not_configured")}</Fact>}
        {approved_by !== null && <Fact name={t("mcp.approved_by")}>{approved_by}</Fact>}
      </dl>
      {tools.length > 0 && (
        <section class="piece">
          <h3 class="piece-title">{t("plugins.tools")}</h3>
          <dl class="tool-list">
            {tools.map(({ name, description, tier }) => (
              <div key={name}>
                <dt>
                  <code>{exactText(name)}</code> <span class="meta">{t(`mcp.tier_${tier}`)}</span>
                </dt>
                <dd>{exactText(description)}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      <div class="approval-answers">
        {STARTABLE.has(status) && (
          <button type="button" class="button" disabled={busy} onClick={() => run(() => mcp.act(server, "start"))}>
            {t("mcp.start")}
          </button>
        )}
        {STOPPABLE.has(status) && (
          <button type="button" class="button" disabled={busy} onClick={() => run(() => mcp.act(server, "stop"))}>
            {t("mcp.stop")}
          </button>
        )}
        {server.logged_in && (
          <button type="button" class="button" disabled={busy} onClick={() => run(() => mcp.act(server, "logout"))}>
            {t("mcp.logout")}
          </button>
        )}
      </div>
      <Trouble text={trouble} />
      {status === "login_required" && <ServerLogin server={server} />}
    </>
  );
}
