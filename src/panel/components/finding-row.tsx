/** One finding of the doctor: what, what to do next, and the button that does it where that is safe. */
import type { Finding } from "../../protocol/finding.ts";
import { createDoctor } from "../state/doctor.ts";
import { usePanel, useT } from "./context.ts";
import { CopyButton } from "./copy-button.tsx";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

const TONES = { ok: "ok", warn: "warn", fail: "danger" } as const;

export function FindingRow({ finding: { check, status, message, hint, fix } }: { finding: Finding }) {
  const t = useT();
  const doctor = usePanel().part(createDoctor);
  const { busy, trouble, run } = useAct();
  return (
    <li class="setting finding" data-entry={check} data-status={status}>
      <span class={`entry-state ${TONES[status]}`}>{t(`doctor.status_${status}`)}</span>
      <span class="setting-text">
        <strong>{check}</strong> {message}
        {hint !== undefined && (
          <span class="finding-hint">
            {hint} <CopyButton text={() => hint} label={t("doctor.copy_hint")} />
          </span>
        )}
      </span>
      {fix && (
        <button type="button" class="button" disabled={busy} onClick={() => run(() => doctor.mend(fix))}>
          {t(`doctor.fix_${fix}`)}
        </button>
      )}
      <Trouble text={trouble} />
    </li>
  );
}
