/** The skills: what waits for the owner first, then those that there are, by where they came from. */
import { useEffect } from "preact/hooks";
import type { WireSkill } from "../../protocol/skill.ts";
import { usePanel, useT } from "../components/context.ts";
import { ExtensionsHead } from "../components/extensions-head.tsx";
import { Failure } from "../components/failure.tsx";
import { InstallForm } from "../components/install-form.tsx";
import { Late } from "../components/late.tsx";
import { SkillCard } from "../components/skill-card.tsx";
import { SkillRow } from "../components/skill-row.tsx";
import { Untrusted } from "../components/untrusted.tsx";

const SOURCES = ["user", "plugin", "workspace"] as const satisfies readonly WireSkill["source"][];

export function SkillsPage() {
  const t = useT();
  const { skills } = usePanel();
  const phase = skills.phase.value;
  const list = skills.list.value;
  useEffect(() => void skills.load(), [skills]);
  const install = async (source: string, path: string) => {
    const { name, status } = await skills.install(source, path);
    return t(status === "pending" ? "install.waits" : "install.done", { name });
  };
  return (
    <>
      <ExtensionsHead page="skills" />
      <div class="settings entries">
        {skills.untrusted.value.map((folder) => (
          <Untrusted
            key={folder}
            folder={folder}
            text={t("skills.untrusted")}
            label={t("plugins.trust")}
            onTrust={skills.trust}
          />
        ))}
        {list
          ?.filter(({ status }) => status === "pending")
          .map((skill) => (
            <SkillCard key={`${skill.path} ${skill.sha256}`} skill={skill} />
          ))}
        {phase.kind === "loading" && !list && <Late>{t("skills.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => skills.load()} />}
        {list?.length === 0 && <p class="aside">{t("skills.none")}</p>}
        {list && <InstallForm label={t("skills.install")} hasPath onInstall={install} />}
        {list &&
          SOURCES.map((source) => {
            const own = list.filter((skill) => skill.source === source);
            return own.length === 0 ? null : (
              <section key={source}>
                <h2>{t(`skills.source_${source}`)}</h2>
                {own.map((skill) => (
                  <SkillRow key={skill.path} skill={skill} />
                ))}
              </section>
            );
          })}
      </div>
    </>
  );
}
