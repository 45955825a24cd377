/** One plugin in a line that opens: its state, what it may do, what it has, what it tried and wrote, and what to do with it. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PluginDetails, ShownPlugin } from "../state/plugins.ts";
import { useFormats, usePanel, useT } from "./context.ts";
import { Icon } from "./icon.tsx";
import { useActs } from "./plugin-acts.ts";

const PARTS = ["tools", "commands", "services", "channels", "providers"] as const;

export function PluginRow({ plugin }: { plugin: ShownPlugin }) {
  const t = useT();
  const [isOpen, setOpen] = useState(false);
  const { id, name, version, status, description, error } = plugin;
  return (
    <details class="fold plugin" data-plugin={id} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <Icon name="chevron" />
        <span class="tool-name">{name ?? id}</span>
        {version !== null && <span class="meta">{version}</span>}
        <span class="plugin-about">{error ? error.message : description}</span>
        <span class={`plugin-state ${status}`}>{t(`plugins.status_${status}`)}</span>
      </summary>
      {isOpen && <Opened plugin={plugin} />}
    </details>
  );
}

function Opened({ plugin }: { plugin: ShownPlugin }) {
  const t = useT();
  const { plugins } = usePanel();
  const { busy, trouble, act } = useActs(plugins, plugin);
  const [details, setDetails] = useState<PluginDetails | undefined>(undefined);
  const { id, status, error, serving, version, development, kind, sandbox } = plugin;
  useEffect(() => {
    let isGone = false;
    plugins.details(id).then(
      (found) => isGone || setDetails(found),
      () => "the connection is lost, or it is gone; then the list shows it",
    );
    return () => {
      isGone = true;
    };
    // With each state that the list shows, what it wrote is another.
  }, [plugins, id, plugin]);
  const isOff = status === "disabled";
  return (
    <div class="fold-body plugin-body">
      {error && (
        <div class="failed">
          <p>{error.message}</p>
          {error.issues && error.issues.length > 1 && (
            <ul>
              {error.issues.map(({ path, message, line }) => (
                <li key={`${path} ${message}`}>
                  {line !== undefined && `${line}: `}
                  {path} {message}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
      {serving && serving.version !== version && <p>{t("plugins.still_serving", { version: serving.version })}</p>}
      {plugin.permissions_summary.length > 0 && (
        <ul class="permissions">
          {plugin.permissions_summary.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      <dl class="plugin-facts">
        {PARTS.map(
          (part) =>
            plugin[part].length > 0 && (
              <Fact key={part} name={t(`plugins.${part}`)}>
                {plugin[part].map(({ name: own }) => own).join(", ")}
              </Fact>
            ),
        )}
        {kind !== null && <Fact name={t("plugins.kind")}>{kind}</Fact>}
        {sandbox !== null && <Fact name={t("plugins.sandbox")}>{t(`plugins.sandbox_${sandbox}`)}</Fact>}
        <Fact name={t("plugins.source")}>{t(`plugins.source_${plugin.source}`)}</Fact>
        <Fact name={t("plugins.folder")}>
          <code>{plugin.path}</code>
        </Fact>
        {plugin.sha256 !== null && (
          <Fact name="SHA-256">
            <code>{plugin.sha256}</code>
          </Fact>
        )}
      </dl>
      {details && details.denials.length > 0 && <Denials denials={details.denials} />}
      {details && details.log.length > 0 && <Log lines={details.log} />}
      <div class="approval-answers">
        <button type="button" class="button" disabled={busy} onClick={() => act(isOff ? "enable" : "disable")}>
          {t(isOff ? "plugins.enable" : "plugins.disable")}
        </button>
        {!isOff && (
          <button type="button" class="button" disabled={busy} onClick={() => act("reload")}>
            {t("plugins.reload")}
          </button>
        )}
        {kind !== null && kind !== "static" && (
          <label class="plugin-develop">
            <input
              type="checkbox"
              checked={development}
              disabled={busy}
              onChange={() => act(development ? "settle" : "develop")}
            />
            {t("plugins.development")}
          </label>
        )}
      </div>
      <p class="meta failed" role="status">
        {trouble}
      </p>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Denials({ denials }: { denials: PluginDetails["denials"] }) {
  const t = useT();
  const { time, number } = useFormats();
  return (
    <section class="piece">
      <h3 class="piece-title">{t("plugins.denied")}</h3>
      <ul class="denials">
        {denials.map(({ kind, target, count, last_at }) => (
          <li key={`${kind} ${target}`}>
            <span>{t(`plugins.denied_${kind}`)}</span> <code>{target}</code>{" "}
            <span class="meta">
              {number(count)} × · {time(last_at)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Log({ lines }: { lines: PluginDetails["log"] }) {
  const t = useT();
  const { time } = useFormats();
  const text = lines.map(({ ts, level, message, fields }) => {
    const facts = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    return [time(ts), level, message, ...facts].join(" ");
  });
  return (
    <section class="piece">
      <h3 class="piece-title">{t("plugins.log")}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>{text.join("\n")}</pre>
    </section>
  );
}
