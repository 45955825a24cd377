/** A skill that waits for its owner: where it came from, what comes with it, its whole text, and the two answers. */
import { useId } from "preact/hooks";
import type { WireSkill } from "../../protocol/skill.ts";
import { usePanel, useT } from "./context.ts";
import { SkillPlan } from "./skill-plan.tsx";
import { SkillText } from "./skill-text.tsx";
import { exactText } from "./tool-words.ts";
import { Trouble } from "./trouble.tsx";
import { useAct } from "./use-act.ts";

export function SkillCard({ skill }: { skill: WireSkill }) {
  const t = useT();
  const id = useId();
  const { skills } = usePanel();
  const { busy, trouble, run } = useAct();
  const { name, description, awaits, installed_from, path } = skill;
  return (
    <section class="approval" aria-labelledby={id} data-entry={name}>
      <header class="approval-head">
        <span class="dot waiting" />
        <span>{t("skills.pending")}</span>
      </header>
      <h2 id={id}>{t(awaits === "content" ? "skills.awaits_content" : "skills.awaits_approval", { name })}</h2>
      <p class="approval-why">{exactText(description ?? "")}</p>
      <SkillPlan skill={skill} />
      <SkillText skill={skill} />
      <div class="approval-answers">
        <button
          type="button"
          class="button primary"
          disabled={busy}
          onClick={() => run(() => skills.act(skill, "activate"))}
        >
          {t("skills.approve")}
        </button>
        <button
          type="button"
          class="button danger"
          disabled={busy}
          onClick={() => run(() => skills.act(skill, "deactivate"))}
        >
          {t("skills.refuse")}
        </button>
      </div>
      <Trouble text={trouble} />
      <p class="meta">{t(awaits === "content" ? "skills.still_serving" : "skills.exactly")}</p>
      <p class="meta">
        <code>{installed_from ?? path}</code>
      </p>
    </section>
  );
}
