/** What is done by the clock: each job with its next time, and a way to add one. */
import { useEffect, useRef } from "preact/hooks";
import { usePanel, useT } from "../components/context.ts";
import { Failure } from "../components/failure.tsx";
import { FoldForm } from "../components/fold-form.tsx";
import { JobRow } from "../components/job-row.tsx";
import { Late } from "../components/late.tsx";
import { ReachHead } from "../components/reach-head.tsx";
import { useAct } from "../components/use-act.ts";

export function SchedulesPage() {
  const t = useT();
  const { schedules } = usePanel();
  const phase = schedules.phase.value;
  const list = schedules.list.value;
  useEffect(() => void schedules.load(), [schedules]);
  return (
    <>
      <ReachHead page="schedules" />
      <div class="settings entries">
        <AddJob />
        {phase.kind === "loading" && !list && <Late>{t("schedules.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => schedules.load()} />}
        {list?.length === 0 && <p class="aside">{t("schedules.none")}</p>}
        {list && list.length > 0 && (
          <section>
            {list.map((job) => (
              <JobRow key={job.cron_id} job={job} />
            ))}
          </section>
        )}
      </div>
    </>
  );
}

function AddJob() {
  const t = useT();
  const { schedules } = usePanel();
  const { busy, trouble, run } = useAct();
  const message = useRef<HTMLTextAreaElement>(null);
  const schedule = useRef<HTMLInputElement>(null);
  const submit = () =>
    run(
      () => schedules.add(schedule.current?.value.trim() ?? "", message.current?.value.trim() ?? ""),
      () => {
        for (const field of [message.current, schedule.current]) if (field) field.value = "";
      },
    );
  return (
    <FoldForm label={t("schedules.add")} submit={t("schedules.save")} busy={busy} trouble={trouble} onSubmit={submit}>
      <label class="install-source">
        <span class="meta">{t("schedules.message")}</span>
        <textarea class="field" ref={message} required maxLength={20_000} rows={2} />
      </label>
      <label class="install-path">
        <span class="meta">{t("schedules.when")}</span>
        <input
          class="field"
          ref={schedule}
          required
          maxLength={200}
          spellcheck={false}
          placeholder="30 9 * * MON-FRI"
        />
      </label>
    </FoldForm>
  );
}
