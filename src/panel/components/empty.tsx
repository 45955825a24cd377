/** A conversation in which nothing was said yet: what to do first. */
import { usePanel, useT } from "./context.ts";
import { Mark } from "./icon.tsx";

const DEMO = ["demo", "demo exec", "help"] as const;

export function Empty({ onSay }: { onSay: (text: string) => void }) {
  const t = useT();
  const { models } = usePanel();
  const isDemo = isDemoOnly(models.config.value);
  return (
    <div class="middle empty">
      <Mark />
      <h2>{t("empty.title")}</h2>
      <p class="aside">{t("empty.text")}</p>
      {isDemo && (
        <>
          <p class="aside">{t("empty.demo")}</p>
          <div class="empty-acts">
            {DEMO.map((word) => (
              <button key={word} type="button" class="button" onClick={() => onSay(word)}>
                {t(word === "demo" ? "empty.demo_all" : word === "help" ? "empty.demo_help" : "empty.demo_exec")}
              </button>
            ))}
          </div>
        </>
      )}
    </div>
  );
}

function isDemoOnly(config: { readonly providers: readonly { readonly type: string | null }[] } | undefined): boolean {
  return config?.providers.every(({ type }) => type === "demo") === true;
}
