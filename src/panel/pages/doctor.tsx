/** What has to be right, looked at one by one: what is not comes first, each with its next step. */
import { AdministrationHead } from "../components/administration-head.tsx";
import { useFormats, useT } from "../components/context.ts";
import { CopyButton } from "../components/copy-button.tsx";
import { Failure } from "../components/failure.tsx";
import { FindingRow } from "../components/finding-row.tsx";
import { Late } from "../components/late.tsx";
import { useAct } from "../components/use-act.ts";
import { usePart } from "../components/use-part.ts";
import { createDoctor } from "../state/doctor.ts";

export function DoctorPage() {
  const t = useT();
  const { time } = useFormats();
  const doctor = usePart(createDoctor);
  const { busy, run } = useAct();
  const phase = doctor.phase.value;
  const findings = doctor.findings.value;
  const taken = doctor.takenAt.value;
  const wrong = findings?.filter(({ status }) => status !== "ok").length ?? 0;
  const text = () =>
    (findings ?? []).map(({ check, status, message, hint }) => [status, check, message, hint].join("\t")).join("\n");
  return (
    <>
      <AdministrationHead page="doctor" />
      <div class="settings entries">
        {!findings && phase.kind === "loading" && <Late>{t("doctor.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => doctor.load()} />}
        {findings && (
          <section aria-live="polite" aria-busy={busy}>
            <header class="section-head">
              <h2>{wrong === 0 ? t("doctor.all_well") : t("doctor.wrong", { count: wrong })}</h2>
              <span class="section-acts">
                {taken !== undefined && <span class="meta">{t("doctor.taken", { time: time(taken) })}</span>}
                <CopyButton text={text} label={t("doctor.copy")} />
                <button type="button" class="button" disabled={busy} onClick={() => run(() => doctor.load())}>
                  {t(busy ? "doctor.busy" : "doctor.again")}
                </button>
              </span>
            </header>
            <ul class="findings">
              {findings.map((finding) => (
                <FindingRow key={`${finding.check} ${finding.message}`} finding={finding} />
              ))}
            </ul>
          </section>
        )}
      </div>
    </>
  );
}
