/** One conversation in the list, with its state as a dot and its actions behind a button. */
import type { WireSession } from "../../protocol/session.ts";
import { hashOf } from "../state/router.ts";
import { useShell, useT } from "./context.ts";
import { Icon } from "./icon.tsx";
import { moveFocus, Popover } from "./popover.tsx";
import { saveText } from "./save-text.ts";

export interface SessionRowProps {
  readonly session: WireSession;
  readonly title: string;
  readonly open: boolean;
  readonly waits: boolean;
  readonly onGo: () => void;
}

export function SessionRow({ session, title, open, waits, onGo }: SessionRowProps) {
  const t = useT();
  const { panel, openDialog } = useShell();
  const { session_key: key, active_run: activeRun } = session;
  const state = waits
    ? "waiting"
    : activeRun !== null
      ? "running"
      : !open && panel.sessions.isUnread(session)
        ? "unread"
        : undefined;
  const save = async (format: "markdown" | "html") => {
    const { content } = await panel.connection.call("session.export", { session_key: key, format });
    const name = title.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60) || "conversation";
    saveText(content, `${name}.${format === "html" ? "html" : "md"}`, `text/${format}`);
  };
  const remove = async () => {
    await panel.sessions.remove(key);
    const place = panel.router.place.peek();
    if (place.page === "session" && place.key === key) panel.router.replace({ page: "new" });
  };
  return (
    <div class={open ? "session open" : "session"}>
      <a
        class="session-link"
        href={hashOf({ page: "session", key })}
        aria-current={open ? "page" : undefined}
        title={title}
        onClick={onGo}
      >
        <span class="session-title">{title}</span>
        {state && (
          <>
            <span class={`dot ${state}`} />
            <span class="unseen">{t(state === "waiting" ? "session.waits" : `session.${state}`)}</span>
          </>
        )}
      </a>
      <Popover
        label={t("session.actions", { title })}
        buttonClass="icon-button small session-more"
        button={<Icon name="more" />}
        side="below"
      >
        {(close) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: arrows move between the buttons inside
          <div class="menu" onKeyDown={moveFocus}>
            <button
              type="button"
              class="menu-item"
              onClick={() => {
                close();
                openDialog({ kind: "rename", key, title });
              }}
            >
              {t("session.rename")}
            </button>
            {(["markdown", "html"] as const).map((format) => (
              <button
                key={format}
                type="button"
                class="menu-item"
                onClick={() => {
                  close();
                  // Without a connection nothing is saved, and the line above says that there is none.
                  save(format).catch(() => undefined);
                }}
              >
                {t(format === "html" ? "session.export_html" : "session.export")}
              </button>
            ))}
            <button
              type="button"
              class="menu-item danger"
              onClick={() => {
                close();
                openDialog({
                  kind: "confirm",
                  title: t("session.delete_title"),
                  text: t("session.delete_text", { title }),
                  label: t("session.delete"),
                  act: remove,
                });
              }}
            >
              {t("session.delete")}
            </button>
          </div>
        )}
      </Popover>
    </div>
  );
}
