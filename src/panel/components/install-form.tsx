/** Where something is installed from; it waits for its owner afterwards, so nothing of it runs by this form alone. */
import { useId, useRef, useState } from "preact/hooks";
import { useT } from "./context.ts";
import { FoldForm } from "./fold-form.tsx";
import { useAct } from "./use-act.ts";

export interface InstallFormProps {
  readonly label: string;
  /** Whether the source may hold several, of which one is named by its path. */
  readonly hasPath?: boolean;
  /** Resolves with what to say about it. */
  readonly onInstall: (source: string, path: string) => Promise<string>;
}

export function InstallForm({ label, hasPath = false, onInstall }: InstallFormProps) {
  const t = useT();
  const { busy, trouble, run } = useAct();
  const [said, setSaid] = useState("");
  const source = useRef<HTMLInputElement>(null);
  const path = useRef<HTMLInputElement>(null);
  const about = useId();
  const submit = () => {
    const from = source.current?.value.trim() ?? "";
    if (from === "") return source.current?.focus();
    setSaid("");
    run(
      () => onInstall(from, path.current?.value.trim() ?? ""),
      (text) => {
        setSaid(text);
        for (const field of [source.current, path.current]) if (field) field.value = "";
      },
    );
  };
  return (
    <FoldForm
      label={label}
      submit={t(busy ? "install.busy" : "install.submit")}
      busy={busy}
      trouble={trouble}
      said={said}
      about={
        <p class="meta install-about" id={about}>
          {t("install.about")}
        </p>
      }
      onSubmit={submit}
    >
      <label class="install-source">
        <span class="meta">{t("install.source")}</span>
        <input class="field" ref={source} required maxLength={2000} aria-describedby={about} spellcheck={false} />
      </label>
      {hasPath && (
        <label class="install-path">
          <span class="meta">{t("install.path")}</span>
          <input class="field" ref={path} maxLength={1000} spellcheck={false} />
        </label>
      )}
    </FoldForm>
  );
}
