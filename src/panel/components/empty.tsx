/** A conversation in which nothing was said yet: what to do first. */
import type { Result } from "../../client/client.ts";
import { hashOf } from "../state/router.ts";
import { usePanel, useT } from "./context.ts";
import { Mark } from "./icon.tsx";

const DEMO = ["demo", "demo exec", "help"] as const;

export function Empty({ onSay }: { onSay: (text: string) => void }) {
  const t = useT();
  const { models } = usePanel();
  return (
    <div class="middle empty">
      <Mark />
      <h2>{t("empty.title")}</h2>
      <p class="aside">{t("empty.text")}</p>
      {isDemo(models.config.value) && (
        <>
          <p class="aside">{t("empty.demo")}</p>
          <a class="button primary" href={hashOf({ page: "setup" })}>
            {t("empty.setup")}
          </a>
          <p class="aside">{t("empty.demo_try")}</p>
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

/** The built-in demo answers where nothing else is set up; it is not among the providers then. */
function isDemo(config: Result<"models.config"> | undefined): boolean {
  const name = config?.default?.split("/", 1)[0];
  const provider = config?.providers.find(({ id }) => id === name);
  return provider ? provider.type === "demo" : name === "demo";
}
