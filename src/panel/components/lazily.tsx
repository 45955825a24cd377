/** A part of the panel that comes when it is first shown: until it is there, and where it cannot be had, that is said. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useT } from "./context.ts";
import { Late } from "./late.tsx";

/** `load` is called once for each time that it is shown; a browser keeps what it has loaded. */
export function Lazily<Props extends object>({
  load,
  ...props
}: Props & { readonly load: () => Promise<ComponentType<Props>> }) {
  const t = useT();
  const [Part, setPart] = useState<{ readonly component: ComponentType<Props> } | "failed" | undefined>(undefined);
  useEffect(() => {
    load().then(
      (component) => setPart({ component }),
      () => setPart("failed"),
    );
  }, []);
  if (Part === undefined) return <Late>{t("part.loading")}</Late>;
  if (Part === "failed") {
    return (
      <p class="line danger" role="alert">
        {t("part.failed")}
        <button type="button" class="link" onClick={() => location.reload()}>
          {t("act.reload")}
        </button>
      </p>
    );
  }
  return <Part.component {...(props as unknown as Props)} />;
}
