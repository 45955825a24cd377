/** The server's log as it is written: by level, part and words; held still to be read, copied and kept. */
import { useEffect, useState } from "preact/hooks";
import { AdministrationHead } from "../components/administration-head.tsx";
import { useFormats, usePanel, useT } from "../components/context.ts";
import { CopyButton } from "../components/copy-button.tsx";
import { Failure } from "../components/failure.tsx";
import { Late } from "../components/late.tsx";
import { saveText } from "../components/save-text.ts";
import { exactText } from "../components/tool-words.ts";
import { usePart } from "../components/use-part.ts";
import { VirtualList } from "../components/virtual-list.tsx";
import { createLogTail, fieldsText, LEVELS, type LogLine, lineText } from "../state/log-tail.ts";

const ASK_MS = 1000;
/** Of a line that was not measured yet. */
const LINE_HEIGHT = 22;

export function LogsPage() {
  const t = useT();
  const { connection } = usePanel();
  const logs = usePart(createLogTail);
  const isConnected = connection.link.value.kind === "connected";
  useEffect(() => {
    if (!isConnected) return;
    const timer = setInterval(() => {
      // Who does not look needs no news.
      if (!document.hidden) void logs.load();
    }, ASK_MS);
    return () => clearInterval(timer);
  }, [logs, isConnected]);
  const phase = logs.phase.value;
  const lines = logs.lines.value;
  return (
    <>
      <AdministrationHead page="logs" />
      <Toolbar />
      {!lines && phase.kind === "loading" && <Late>{t("logs.loading")}</Late>}
      {phase.kind === "failed" && isConnected && (
        <div class="settings entries logs-failed">
          <Failure trouble={phase.trouble} onRetry={() => logs.load()} />
        </div>
      )}
      {lines && <Lines />}
    </>
  );
}

function Toolbar() {
  const t = useT();
  const logs = usePanel().part(createLogTail);
  const { level, area, text } = logs.filter.value;
  const areas = logs.areas.value;
  const paused = logs.paused.value;
  const all = () => logs.shown.peek().map(lineText).join("\n");
  return (
    <div class="logs-tools">
      <label class="logs-level">
        <span class="unseen">{t("logs.level")}</span>
        <select
          class="field"
          value={level}
          onChange={({ currentTarget }) =>
            logs.setFilter({ level: LEVELS.find((name) => name === currentTarget.value) ?? "info" })
          }
        >
          {LEVELS.map((name) => (
            <option key={name} value={name}>
              {t(`logs.level_${name}`)}
            </option>
          ))}
        </select>
      </label>
      <label class="logs-area">
        <span class="unseen">{t("logs.area")}</span>
        <select
          class="field"
          value={area}
          onChange={({ currentTarget }) => logs.setFilter({ area: currentTarget.value })}
        >
          <option value="">{t("logs.area_all")}</option>
          {(areas.includes(area) || area === "" ? areas : [...areas, area]).map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <input
        class="field logs-text"
        type="search"
        aria-label={t("logs.text")}
        placeholder={t("logs.text")}
        value={text}
        onInput={({ currentTarget }) => logs.setFilter({ text: currentTarget.value })}
      />
      <span class="logs-acts">
        <button type="button" class="button" aria-pressed={paused} onClick={() => logs.pause(!paused)}>
          {t(paused ? "logs.go_on" : "logs.pause")}
        </button>
        <CopyButton text={all} label={t("logs.copy")} />
        <button type="button" class="button" onClick={() => saveText(all(), "aleph.log", "text/plain")}>
          {t("logs.save")}
        </button>
        <button type="button" class="button" onClick={() => logs.clear()}>
          {t("logs.clear")}
        </button>
      </span>
    </div>
  );
}

function Lines() {
  const t = useT();
  const logs = usePanel().part(createLogTail);
  const [following, setFollowing] = useState(true);
  const [toEnd, setToEnd] = useState<(() => void) | undefined>(undefined);
  const shown = logs.shown.value;
  const kept = logs.lines.value?.length ?? 0;
  const behind = logs.behind.value;
  if (shown.length === 0) {
    return (
      <p class="middle aside" role="status">
        {t(kept === 0 ? "logs.none" : "logs.nothing", { count: kept })}
      </p>
    );
  }
  return (
    <div class="logs">
      <VirtualList
        items={shown}
        label={t("logs.title")}
        estimate={() => LINE_HEIGHT}
        render={renderLine}
        onNearStart={() => undefined}
        onFollow={setFollowing}
        controls={(controls) => setToEnd(() => controls.toEnd)}
      />
      <p class="meta logs-count" role="status">
        {t("logs.count", { count: shown.length, all: kept })} {behind > 0 && t("logs.behind", { count: behind })}
      </p>
      {!following && (
        <button type="button" class="button logs-end" onClick={() => toEnd?.()}>
          {t("logs.to_end")}
        </button>
      )}
    </div>
  );
}

const renderLine = (line: LogLine) => <Line line={line} />;

function Line({ line }: { line: LogLine }) {
  const t = useT();
  const { time } = useFormats();
  const at = new Date(line.ts);
  const { stack, cause, ...fields } = line.fields;
  const more = [stack, cause].filter((part) => part !== undefined).map((part) => exactText(part));
  return (
    <div class={`log-line is-${line.level}`}>
      <time class="meta" dateTime={at.toISOString()} title={time(line.ts)}>
        {at.toTimeString().slice(0, 8)}
      </time>
      <span class="log-level">{line.level}</span>
      <span class="log-text">
        {line.message} <span class="log-fields">{fieldsText({ fields })}</span>
        {more.length > 0 && (
          <details class="same log-more">
            <summary>{t("logs.more")}</summary>
            <pre>{more.join("\n")}</pre>
          </details>
        )}
      </span>
    </div>
  );
}
