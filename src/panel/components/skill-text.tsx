/** SKILL.md as it is, or as it would be set: what the model reads when it loads the skill. */
import { useEffect, useState } from "preact/hooks";
import type { WireSkill } from "../../protocol/skill.ts";
import { sentences } from "../state/phase.ts";
import { usePanel, useT } from "./context.ts";
import { Exactly } from "./exactly.tsx";
import { Late } from "./late.tsx";
import { TextBlock } from "./text-block.tsx";
import { Trouble } from "./trouble.tsx";

const HEAD = /^---\r?\n[\s\S]*?\r?\n---\r?\n/;

export function SkillText({ skill: { name, sha256 } }: { skill: WireSkill }) {
  const t = useT();
  const { skills } = usePanel();
  const [text, setText] = useState<string | null | undefined>(undefined);
  const [trouble, setTrouble] = useState<string | undefined>(undefined);
  const [isSet, setIsSet] = useState(false);
  useEffect(() => {
    let isGone = false;
    setTrouble(undefined);
    skills.text(name).then(
      (found) => isGone || setText(found),
      (error: unknown) => isGone || setTrouble(sentences(error)),
    );
    return () => {
      isGone = true;
    };
    // Other files have another text.
  }, [skills, name, sha256]);
  return (
    <section class="piece">
      <header>
        <h3 class="piece-title">SKILL.md</h3>
        {typeof text === "string" && (
          <button type="button" class="link" aria-pressed={isSet} onClick={() => setIsSet(!isSet)}>
            {t("skills.formatted")}
          </button>
        )}
      </header>
      <Trouble text={trouble} />
      {text === undefined && trouble === undefined && <Late>{t("skills.loading_text")}</Late>}
      {text === null && <p class="aside">{t("skills.no_text")}</p>}
      {typeof text === "string" &&
        (isSet ? (
          <div class="skill-set">
            <TextBlock text={text.replace(HEAD, "")} growing={false} />
          </div>
        ) : (
          <div class="plan">
            <Exactly value={text} label={`SKILL.md, ${name}`} />
          </div>
        ))}
    </section>
  );
}
