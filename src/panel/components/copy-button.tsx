/** A button that copies, and says so for a moment. */
import { useEffect, useState } from "preact/hooks";
import { copyText } from "./clipboard.ts";
import { useT } from "./context.ts";
import { Icon } from "./icon.tsx";

const SAYS_SO_MS = 1500;

export function CopyButton({ text, label, first = false }: { text: () => string; label: string; first?: boolean }) {
  const t = useT();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAYS_SO_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () =>
    copyText(text()).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <button
      type="button"
      class="icon-button small"
      aria-label={copied ? t("act.copied") : label}
      title={label}
      data-first={first || undefined}
      onClick={copy}
    >
      <Icon name={copied ? "check" : "copy"} />
    </button>
  );
}
