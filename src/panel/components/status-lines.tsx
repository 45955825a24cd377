/** What is not as it should be, in one line each: the connection, the configuration, a newer server. */
import { useEffect, useRef, useState } from "preact/hooks";
import { leadsToLogin } from "../state/connection.ts";
import { useFormats, usePanel, useT } from "./context.ts";

export function StatusLines() {
  const t = useT();
  const { connection, configIssues } = usePanel();
  const link = connection.link.value;
  const version = link.kind === "connected" ? link.hello.server.version : undefined;
  const first = useRef<string | undefined>(undefined);
  first.current ??= version;
  const [issue] = configIssues.value;
  return (
    <div class="lines">
      {link.kind === "lost" && (
        <Lost since={first.current === undefined ? undefined : link.since} retryAt={link.retryAt} />
      )}
      {link.kind === "refused" && !leadsToLogin(link.error) && (
        <p class="line danger" role="alert">
          {t("link.refused")} {link.error.message}.
          <button type="button" class="link" onClick={() => connection.retryNow()}>
            {t("link.now")}
          </button>
        </p>
      )}
      {version !== undefined && version !== first.current && (
        <p class="line">
          {t("link.updated", { version })}
          <button type="button" class="link" onClick={() => location.reload()}>
            {t("act.reload")}
          </button>
        </p>
      )}
      {issue && (
        <p class="line warn">
          {t("link.config", {
            issue: `${issue.path} ${issue.message}${issue.line === undefined ? "" : ` (${issue.line})`}`,
          })}
        </p>
      )}
    </div>
  );
}

/** `since` is undefined where there was no connection yet. */
function Lost({ since, retryAt }: { since: number | undefined; retryAt: number | undefined }) {
  const t = useT();
  const { time } = useFormats();
  const { connection, now } = usePanel();
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 500);
    return () => clearInterval(timer);
  }, []);
  const seconds = retryAt === undefined ? 0 : Math.ceil((retryAt - now()) / 1000);
  return (
    <p class="line danger" role="status">
      <strong>{t("link.lost")}</strong>
      <span>{since === undefined ? t("link.never") : t("link.stale", { time: time(since) })}</span>
      {/* Not read out each second. */}
      <span aria-hidden="true">{seconds > 0 ? t("link.retry_in", { seconds }) : t("link.retrying")}</span>
      <button type="button" class="link" onClick={() => connection.retryNow()}>
        {t("link.now")}
      </button>
    </p>
  );
}
