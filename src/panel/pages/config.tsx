/** config.toml: as a form of all its keys, or as the text that it is. */
import { useState } from "preact/hooks";
import { AdministrationHead } from "../components/administration-head.tsx";
import { Choices } from "../components/choices.tsx";
import { ConfigForm } from "../components/config-form.tsx";
import { ConfigText } from "../components/config-text.tsx";
import { useT } from "../components/context.ts";
import { Failure } from "../components/failure.tsx";
import { Late } from "../components/late.tsx";
import { usePart } from "../components/use-part.ts";
import { createConfigEditor } from "../state/config-editor.ts";

const VIEWS = ["form", "text"] as const;

export function ConfigPage() {
  const t = useT();
  const editor = usePart(createConfigEditor);
  const [view, setView] = useState<(typeof VIEWS)[number]>("form");
  const phase = editor.phase.value;
  const config = editor.config.value;
  return (
    <>
      <AdministrationHead page="config" />
      <div class={`settings entries config-page is-${view}`}>
        {phase.kind === "loading" && !config && <Late>{t("config.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => editor.load()} />}
        {config && (
          <>
            <div>
              <Choices
                label={t("config.view")}
                options={VIEWS.map((name) => ({ value: name, label: t(`config.view_${name}`) }))}
                value={view}
                onChoose={setView}
              />
              <p class="meta">
                <code>{config.path}</code> {t("config.effect")}
              </p>
            </div>
            {view === "form" ? <ConfigForm editor={editor} config={config} /> : <ConfigText editor={editor.text} />}
          </>
        )}
      </div>
    </>
  );
}
