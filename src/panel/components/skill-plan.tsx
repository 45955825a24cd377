/** What comes with a skill when it is let be used, in plain words. */
import type { WireSkill } from "../../protocol/skill.ts";
import { useT } from "./context.ts";
import { exactText } from "./tool-words.ts";

export function SkillPlan({ skill: { allowed_tools, files } }: { skill: WireSkill }) {
  const t = useT();
  const others = files.filter((path) => path !== "SKILL.md");
  return (
    <ul class="permissions">
      <li>{t("skills.plan_reads")}</li>
      <li>
        {allowed_tools === null
          ? t("skills.plan_tools_all")
          : allowed_tools.length === 0
            ? t("skills.plan_tools_none")
            : t("skills.plan_tools", { tools: exactText(allowed_tools.join(", ")) })}
      </li>
      {others.length > 0 && (
        <li>{t("skills.plan_files", { count: others.length, files: exactText(others.join(", ")) })}</li>
      )}
    </ul>
  );
}
