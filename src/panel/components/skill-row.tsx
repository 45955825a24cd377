/** One skill: its state, what comes with it, its text, and what to do with it. */
import type { WireSkill } from "../../protocol/skill.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { useFormats, usePanel, useT } from "./context.ts";
import { Entry, Fact, Faults } from "./entry.tsx";
import { SkillPlan } from "./skill-plan.tsx";
import { SkillText } from "./skill-text.tsx";
import { exactText } from "./tool-words.ts";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

const TONES = { active: "ok", pending: "warn", inactive: undefined, error: "danger" } as const;

export function SkillRow({ skill }: { skill: WireSkill }) {
  const t = useT();
  const { name, description, status, error } = skill;
  return (
    <Entry
      id={name}
      name={name}
      about={error ? error.message : description}
      state={t(`skills.status_${status}`)}
      tone={TONES[status]}
    >
      {() => <Opened skill={skill} />}
    </Entry>
  );
}

function Opened({ skill }: { skill: WireSkill }) {
  const t = useT();
  const panel = usePanel();
  const { time } = useFormats();
  const { busy, trouble, run } = useAct();
  const { name, description, source, plugin, path, status, error, license, compatibility, approved, sha256 } = skill;
  const isOff = status === "inactive";
  return (
    <>
      {error && <Faults error={error} />}
      {description !== null && <p>{exactText(description)}</p>}
      {sha256 !== null && <SkillPlan skill={skill} />}
      <dl class="fact-list">
        {plugin !== null && <Fact name={t("skills.plugin")}>{plugin}</Fact>}
        {skill.installed_from !== null && (
          <Fact name={t("plugins.source")}>
            <code>{skill.installed_from}</code>
          </Fact>
        )}
        <Fact name={t("plugins.folder")}>
          <code>{path}</code>
        </Fact>
        {license !== null && <Fact name={t("skills.license")}>{exactText(license)}</Fact>}
        {compatibility !== null && <Fact name={t("skills.compatibility")}>{exactText(compatibility)}</Fact>}
        {approved && (
          <Fact name={t("skills.approved")}>
            {t("approvals.since", { who: approved.approved_by, time: time(approved.approved_at) })}
          </Fact>
        )}
        {sha256 !== null && (
          <Fact name="SHA-256">
            <code>{sha256}</code>
          </Fact>
        )}
      </dl>
      {status !== "pending" && <SkillText skill={skill} />}
      <div class="approval-answers">
        {status !== "error" && (
          <button
            type="button"
            class="button"
            disabled={busy}
            onClick={() => run(() => panel.skills.act(skill, isOff ? "activate" : "deactivate"))}
          >
            {t(isOff ? "plugins.enable" : "plugins.disable")}
          </button>
        )}
        {source === "user" && (
          <ConfirmButton
            disabled={busy}
            title={t("skills.uninstall_title", { name })}
            text={t("skills.uninstall_text", { path })}
            label={t("skills.uninstall")}
            act={() => panel.skills.act(skill, "uninstall")}
          />
        )}
      </div>
      <Trouble text={trouble} />
    </>
  );
}
