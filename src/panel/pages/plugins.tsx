/** The plugins: what waits for the owner first, then each with what it may do, what it tried, and what it wrote. */
import { useEffect } from "preact/hooks";
import { usePanel, useT } from "../components/context.ts";
import { ExtensionsHead } from "../components/extensions-head.tsx";
import { Failure } from "../components/failure.tsx";
import { InstallForm } from "../components/install-form.tsx";
import { Late } from "../components/late.tsx";
import { PluginCard } from "../components/plugin-card.tsx";
import { PluginRow } from "../components/plugin-row.tsx";
import { Untrusted } from "../components/untrusted.tsx";

export function PluginsPage() {
  const t = useT();
  const { plugins } = usePanel();
  const phase = plugins.phase.value;
  const list = plugins.list.value;
  useEffect(() => void plugins.load(), [plugins]);
  const pending = list?.filter(({ status }) => status === "pending") ?? [];
  const install = async (source: string) => {
    const { id, name, status } = await plugins.install(source);
    return t(status === "pending" ? "install.waits" : "install.done", { name: name ?? id });
  };
  return (
    <>
      <ExtensionsHead page="plugins" />
      <div class="settings entries">
        {plugins.untrusted.value.map((folder) => (
          <Untrusted
            key={folder}
            folder={folder}
            text={t("plugins.untrusted")}
            label={t("plugins.trust")}
            onTrust={plugins.trust}
          />
        ))}
        {pending.map((plugin) => (
          <PluginCard key={`${plugin.path} ${plugin.sha256}`} plugin={plugin} />
        ))}
        {phase.kind === "loading" && !list && <Late>{t("plugins.loading")}</Late>}
        {phase.kind === "failed" && <Failure trouble={phase.trouble} onRetry={() => plugins.load()} />}
        {list?.length === 0 && <p class="aside">{t("plugins.none")}</p>}
        {list && <InstallForm label={t("plugins.install")} onInstall={install} />}
        {list && list.length > 0 && (
          <section>
            <h2>{t("plugins.all", { count: list.length })}</h2>
            {list.map((plugin) => (
              <PluginRow key={plugin.path} plugin={plugin} />
            ))}
          </section>
        )}
      </div>
    </>
  );
}
