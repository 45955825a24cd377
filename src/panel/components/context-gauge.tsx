/** How full the context of the conversation is, and what it may do without asking: all as the server says. */
import { useEffect } from "preact/hooks";
import type { Conversation } from "../state/conversation.ts";
import type { Context } from "../state/fullness.ts";
import { hashOf } from "../state/router.ts";
import { useFormats, usePanel, useT } from "./context.ts";
import { Icon } from "./icon.tsx";
import { Popover } from "./popover.tsx";

/** From here on a conversation is soon made shorter. */
const NEARLY_FULL = 0.8;

export function ContextGauge({ conversation: { fullness, activeRun } }: { conversation: Conversation }) {
  const { connection } = usePanel();
  const turn = fullness.turn.value;
  const isConnected = connection.link.value.kind === "connected";
  const run = activeRun.value;
  useEffect(() => {
    if (isConnected) void fullness.ask();
  }, [fullness, turn, run, isConnected]);
  const context = fullness.context.value;
  if (!context) return null;
  return (
    <>
      <Permissions context={context} />
      {context.tokens > 0 && <Gauge context={context} />}
    </>
  );
}

function Gauge({ context: { tokens, window, model, problem } }: { context: Context }) {
  const t = useT();
  const { number, compact } = useFormats();
  const share = window === null ? undefined : Math.min(1, tokens / window);
  const percent = share === undefined ? undefined : Math.round(share * 100);
  const said =
    window === null || percent === undefined
      ? t("context.tokens", { tokens: number(tokens) })
      : t("context.of", { tokens: number(tokens), window: number(window), percent });
  // What is read aloud has the words that are seen.
  const heard = share === undefined ? t("context.tokens", { tokens: compact(tokens) }) : said;
  return (
    <Popover
      label={`${t("context.label")}: ${heard}`}
      buttonClass={share !== undefined && share >= NEARLY_FULL ? "chip gauge full" : "chip gauge"}
      side="above"
      button={
        share === undefined ? (
          <span class="chip-text">{compact(tokens)}</span>
        ) : (
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <circle cx="8" cy="8" r="6" />
            <circle class="part" cx="8" cy="8" r="6" pathLength={100} stroke-dasharray={`${percent} 100`} />
          </svg>
        )
      }
    >
      {() => (
        <div class="menu told">
          <p>{said}</p>
          <p class="meta">
            {t("context.model", { model })}
            {problem !== null && ` ${problem}.`}
          </p>
          <p class="meta">{t("context.estimated")}</p>
        </div>
      )}
    </Popover>
  );
}

function Permissions({ context: { confined, standing } }: { context: Context }) {
  const t = useT();
  const shown = t(standing > 0 ? "permission.some" : "permission.asks");
  return (
    <Popover
      label={`${t("permission.label")}: ${shown}`}
      buttonClass="chip permission"
      side="above"
      button={
        <>
          <Icon name="approvals" />
          <span class="chip-text">{shown}</span>
        </>
      }
    >
      {() => (
        <div class="menu told">
          <p>{t("permission.tiers")}</p>
          <p>{t(confined ? "permission.confined" : "permission.unconfined")}</p>
          <p>
            {t(standing === 0 ? "permission.none_standing" : "permission.standing", { count: standing })}{" "}
            {standing > 0 && <a href={hashOf({ page: "approvals" })}>{t("permission.see")}</a>}
          </p>
        </div>
      )}
    </Popover>
  );
}
