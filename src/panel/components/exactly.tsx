/** What a person allows, as it is; where it is longer than its place it scrolls, says so, and opens whole. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useT } from "./context.ts";
import { exactText } from "./tool-words.ts";

export function Exactly({ value, label }: { value: unknown; label: string }) {
  const t = useT();
  const text = exactText(value);
  const box = useRef<HTMLElement>(null);
  const [isCut, setCut] = useState(false);
  const [isWhole, setWhole] = useState(false);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () => setCut(element.scrollHeight > element.clientHeight + 1);
    const observer = new ResizeObserver(look);
    observer.observe(element);
    look();
    return () => observer.disconnect();
  }, [text, isWhole]);
  return (
    <div class="exactly">
      <section
        class={isWhole ? "exactly-box whole" : "exactly-box"}
        ref={box}
        // What scrolls must be reachable by keyboard.
        {...(isCut ? { tabIndex: 0 } : {})}
        aria-label={label}
      >
        <pre>{text}</pre>
      </section>
      {(isCut || isWhole) && (
        <button type="button" class="link exactly-more" onClick={() => setWhole(!isWhole)}>
          {isWhole ? t("act.show_less") : t("act.show_all", { count: text.split("\n").length })}
        </button>
      )}
    </div>
  );
}
