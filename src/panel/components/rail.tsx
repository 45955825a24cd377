/** The list of conversations: find one, open one, begin one; what runs, what is new and what waits has a dot. */
import { type ComponentChildren, Fragment } from "preact";
import { isAdministration } from "../state/administration.ts";
import { extensionsPlace, isExtensionPage } from "../state/extensions.ts";
import { hashOf } from "../state/router.ts";
import { usePanel, useShell, useT } from "./context.ts";
import { Failure } from "./failure.tsx";
import { Icon, Mark } from "./icon.tsx";
import { Late } from "./late.tsx";
import { SessionRow } from "./session-row.tsx";
import { ageOf, titleOf } from "./session-words.ts";
import { WaitingDot } from "./waiting-dot.tsx";

export interface RailProps {
  /** A place was chosen; a drawer closes. */
  readonly onGo: () => void;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

const RECORD_TITLES = { channels: "channels.title", memory: "memory.title", usage: "usage.title" } as const;

export function Rail({ onGo, onClose, children }: RailProps) {
  const t = useT();
  const panel = usePanel();
  const { sessions, approvals, router, now, server } = panel;
  const rows = sessions.rows.value;
  const filter = sessions.filter.value;
  const phase = sessions.phase.value;
  const place = router.place.value;
  const extensions = extensionsPlace(panel);
  const openKey = place.page === "session" ? place.key : undefined;
  const waiting = new Set(approvals.waiting.value.map(({ session_key }) => session_key));
  return (
    <nav class="rail" aria-label={t("rail.label")}>
      <header class="rail-head">
        <a class="brand" href={hashOf({ page: "new" })} onClick={onGo} aria-label={t("app.name")}>
          <Mark />
        </a>
        <span class="spring" />
        <button
          type="button"
          class="icon-button"
          aria-label={t("rail.close")}
          title={t("rail.close")}
          onClick={onClose}
        >
          <Icon name="rail" />
        </button>
        <a
          class="icon-button"
          href={hashOf({ page: "new" })}
          onClick={onGo}
          aria-label={t("rail.new")}
          title={t("rail.new")}
        >
          <Icon name="plus" />
        </a>
      </header>
      <div class="rail-search">
        <Icon name="search" />
        <input
          id="search"
          type="search"
          class="field"
          aria-label={t("rail.search")}
          placeholder={t("rail.search")}
          value={filter}
          onInput={({ currentTarget }) => sessions.search(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape" && filter !== "") sessions.search("");
          }}
        />
      </div>
      {filter.trim() !== "" && (
        <a class="rail-everything" href={hashOf({ page: "search", query: filter.trim() })} onClick={onGo}>
          {t("search.everything", { query: filter.trim() })}
        </a>
      )}
      <div class="rail-list">
        <Waiting onGo={onGo} />
        {phase.kind === "loading" && <Late>{t("link.connecting")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => sessions.load()} />}
        {phase.kind === "ready" && rows.length === 0 && (
          <p class="rail-note">
            {filter === "" ? t("rail.empty") : t("rail.nothing", { filter })}
            {filter !== "" && (
              <button type="button" class="link" onClick={() => sessions.search("")}>
                {t("rail.clear")}
              </button>
            )}
          </p>
        )}
        {rows.map((session, index) => {
          const age = ageOf(session.updated_at, now());
          const before = rows[index - 1];
          const begins = filter === "" && (!before || ageOf(before.updated_at, now()) !== age);
          return (
            <Fragment key={session.session_key}>
              {begins && <h2 class="rail-age">{t(age)}</h2>}
              <SessionRow
                session={session}
                title={titleOf(session, t)}
                open={session.session_key === openKey}
                waits={waiting.has(session.session_key)}
                onGo={onGo}
              />
            </Fragment>
          );
        })}
        {sessions.hasMore.value && (
          <button
            type="button"
            class="link rail-more"
            onClick={() => void sessions.loadMore().catch(() => sessions.load())}
          >
            {t("rail.more")}
          </button>
        )}
      </div>
      <footer class="rail-foot">
        {server.value?.auth_mode === "none" && <p class="meta rail-open-access">{t("link.open_access")}</p>}
        <a
          class="rail-link"
          href={hashOf({ page: "approvals" })}
          onClick={onGo}
          aria-current={place.page === "approvals" ? "page" : undefined}
        >
          <Icon name="approvals" />
          {t("rail.approvals")}
          <WaitingDot count={panel.approvals.waiting.value.length} />
        </a>
        <a
          class="rail-link"
          href={hashOf({ page: extensions.page })}
          onClick={onGo}
          aria-current={isExtensionPage(place.page) ? "page" : undefined}
        >
          <Icon name="plugins" />
          {t("extensions.title")}
          <WaitingDot count={extensions.waiting} />
        </a>
        {(["channels", "memory", "usage"] as const).map((page) => (
          <a
            key={page}
            class="rail-link"
            href={hashOf({ page })}
            onClick={onGo}
            aria-current={
              place.page === page || (page === "channels" && place.page === "schedules") ? "page" : undefined
            }
          >
            <Icon name={page} />
            {t(RECORD_TITLES[page])}
          </a>
        ))}
        <a
          class="rail-link"
          href={hashOf({ page: "devices" })}
          onClick={onGo}
          aria-current={place.page === "devices" ? "page" : undefined}
        >
          <Icon name="devices" />
          {t("access.title")}
          <WaitingDot count={panel.access.pairings.value.length} />
        </a>
        <a
          class="rail-link"
          href={hashOf({ page: "settings" })}
          onClick={onGo}
          aria-current={place.page === "settings" || isAdministration(place.page) ? "page" : undefined}
        >
          <Icon name="settings" />
          {t("rail.settings")}
        </a>
      </footer>
      {children}
    </nav>
  );
}

/** The inbox: every question that is open, in whatever conversation. */
function Waiting({ onGo }: { onGo: () => void }) {
  const t = useT();
  const { panel } = useShell();
  const waiting = panel.approvals.waiting.value;
  if (waiting.length === 0) return null;
  return (
    <section class="inbox" aria-label={t("rail.waiting")}>
      <h2 class="rail-age">{t("rail.waiting")}</h2>
      {waiting.map((question) => {
        const session = panel.sessions.rows.value.find(({ session_key }) => session_key === question.session_key);
        const title = session ? titleOf(session, t) : (question.session_key ?? "");
        return question.session_key === null ? null : (
          <a
            key={question.approval_id}
            class="inbox-item"
            href={hashOf({ page: "session", key: question.session_key })}
            onClick={onGo}
          >
            <span class="dot waiting" />
            <span class="inbox-tool">{question.tool}</span>
            <span class="inbox-where">{title}</span>
          </a>
        );
      })}
    </section>
  );
}
