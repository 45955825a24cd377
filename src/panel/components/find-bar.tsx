/** Words in this conversation: found by the server in all of it, shown one after the other, the newest first. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { FoundMessage } from "../state/search.ts";
import { usePanel, useT } from "./context.ts";
import { Icon } from "./icon.tsx";
import { useAct } from "./use-act.ts";

export interface FindBarProps {
  readonly sessionKey: string;
}

const MOST = 200;

export function FindBar({ sessionKey }: FindBarProps) {
  const t = useT();
  const { connection, router, finding } = usePanel();
  const field = useRef<HTMLInputElement>(null);
  const [found, setFound] = useState<{ readonly query: string; readonly messages: readonly FoundMessage[] }>();
  const [at, setAt] = useState(0);
  const { busy, trouble, run } = useAct();
  useEffect(() => {
    field.current?.focus();
    return () => {
      finding.value = false;
    };
  }, [finding]);
  const show = (messages: readonly FoundMessage[], index: number) => {
    setAt(index);
    const message = messages[index]?.message_id;
    if (message !== undefined) router.replace({ page: "session", key: sessionKey, message });
  };
  const step = (by: 1 | -1) => {
    const query = field.current?.value.trim() ?? "";
    if (query === "") return;
    if (found?.query === query) {
      const { length } = found.messages;
      if (length > 0) show(found.messages, (at + by + length) % length);
      return;
    }
    run(
      () => connection.call("session.search", { query, session_key: sessionKey, limit: MOST }),
      ({ messages }) => {
        const newest = messages.toSorted((a, b) => b.ts - a.ts);
        setFound({ query, messages: newest });
        show(newest, 0);
      },
    );
  };
  const close = () => {
    finding.value = false;
    document.getElementById("composer")?.focus();
  };
  return (
    <search class="find">
      <input
        ref={field}
        class="field"
        type="search"
        id="find"
        aria-label={t("find.title")}
        placeholder={t("find.title")}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.isComposing) step(event.shiftKey ? -1 : 1);
          else if (event.key === "Escape") close();
          else return;
          event.preventDefault();
        }}
      />
      <span class="meta" role="status">
        {trouble ??
          (busy
            ? t("search.busy")
            : found &&
              (found.messages.length === 0
                ? t("find.nothing")
                : t("find.at", { at: at + 1, count: found.messages.length })))}
      </span>
      <button type="button" class="icon-button small turned" aria-label={t("find.newer")} onClick={() => step(-1)}>
        <Icon name="down" />
      </button>
      <button type="button" class="icon-button small" aria-label={t("find.older")} onClick={() => step(1)}>
        <Icon name="down" />
      </button>
      <button type="button" class="icon-button small" aria-label={t("act.close")} onClick={close}>
        <Icon name="close" />
      </button>
    </search>
  );
}
