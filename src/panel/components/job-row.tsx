/** One job by the clock: what it is told, when, what became of it, and the ways to run, pause and remove it. */
import { useEffect, useState } from "preact/hooks";
import type { WireCronJob, WireCronRun } from "../../protocol/cron.ts";
import { hashOf } from "../state/router.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { useFormats, usePanel, useT } from "./context.ts";
import { Entry, Fact } from "./entry.tsx";
import { exactText } from "./tool-words.ts";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

const TONES = { failed: "danger", interrupted: "danger", running: "ok", waiting: "ok" } as const;

export function JobRow({ job }: { job: WireCronJob }) {
  const t = useT();
  const { time } = useFormats();
  const { cron_id, message, enabled, next_run_at, last } = job;
  const hasName = isNamed(job);
  const next = next_run_at === null ? t("schedules.over") : t("schedules.next", { time: time(next_run_at) });
  const status = last?.status;
  const tone = status !== undefined && status in TONES ? TONES[status as keyof typeof TONES] : undefined;
  return (
    <Entry
      id={cron_id}
      name={hasName ? cron_id : exactText(message)}
      about={hasName ? exactText(message) : ""}
      state={enabled ? next : t("schedules.paused")}
      tone={enabled ? tone : undefined}
    >
      {() => <Opened job={job} />}
    </Entry>
  );
}

/** An id that was made for it says nothing to anybody. */
function isNamed({ cron_id }: WireCronJob): boolean {
  return !/^cron_[0-9a-f]{32}$/.test(cron_id);
}

/** Of a message, as much as a question can hold. */
const TITLE = 80;

function titleOf(job: WireCronJob): string {
  const name = isNamed(job) ? job.cron_id : exactText(job.message);
  return name.length > TITLE ? `${name.slice(0, TITLE)}…` : name;
}

function Opened({ job }: { job: WireCronJob }) {
  const t = useT();
  const panel = usePanel();
  const { duration, time } = useFormats();
  const { busy, trouble, run } = useAct();
  const { cron_id: id, schedule, message, deliver, enabled, untrusted, session_key, last } = job;
  const [runs, setRuns] = useState<readonly WireCronRun[]>([]);
  useEffect(() => {
    // Without it the last time, which the list has, is all that is shown.
    void panel.schedules.history(id).then(setRuns, () => setRuns(last ? [last] : []));
  }, [panel, job]);
  const when =
    "cron" in schedule
      ? `${schedule.cron} (${schedule.tz})`
      : "every_ms" in schedule
        ? t("schedules.every", { time: duration(schedule.every_ms) })
        : time(schedule.at);
  return (
    <>
      <p>{exactText(message)}</p>
      {untrusted && <p class="failed">{t("schedules.untrusted")}</p>}
      <dl class="fact-list">
        <Fact name={t("schedules.when_is")}>
          <code>{when}</code>
        </Fact>
        <Fact name={t("schedules.goes_to")}>{goesTo(deliver) ?? t("schedules.nowhere")}</Fact>
        <Fact name={t("memory.where")}>
          <a href={hashOf({ page: "session", key: session_key })}>{session_key}</a>
        </Fact>
      </dl>
      {runs.length > 0 && (
        <ol class="job-runs" aria-label={t("schedules.history")}>
          {runs.map(({ due_at, cause, attempt, status, note }) => (
            <li key={`${due_at} ${cause} ${attempt}`}>
              <span class="meta">{time(due_at)}</span> {t(`schedules.run_${status}`)}
              {note !== null && <span class="aside"> {exactText(note)}</span>}
            </li>
          ))}
        </ol>
      )}
      <div class="approval-answers">
        <button type="button" class="button" disabled={busy} onClick={() => run(() => panel.schedules.run(id))}>
          {t("schedules.run_now")}
        </button>
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => run(() => panel.schedules.setEnabled(id, !enabled))}
        >
          {t(enabled ? "schedules.pause" : "schedules.go_on")}
        </button>
        <ConfirmButton
          title={t("schedules.remove_title", { name: titleOf(job) })}
          text={t("schedules.remove_text")}
          label={t("channels.remove")}
          act={() => panel.schedules.remove(id)}
        />
      </div>
      <Trouble text={trouble} />
    </>
  );
}

function goesTo(deliver: WireCronJob["deliver"]): string | undefined {
  if (deliver === null) return undefined;
  if ("interface" in deliver) return `${deliver.interface} ${deliver.target}`;
  return "webhook" in deliver ? deliver.webhook : deliver.session_key;
}
