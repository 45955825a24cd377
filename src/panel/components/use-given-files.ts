/** Files that are dropped anywhere on the page, or pasted outside of a field: they go to the composer that is in sight. */
import { useEffect, useRef, useState } from "preact/hooks";
import { isTyping } from "./keys.ts";

/** Whether files are held over the page now. */
export function useGivenFiles(take: (files: readonly File[]) => void): boolean {
  const [dragging, setDragging] = useState(false);
  const taker = useRef(take);
  taker.current = take;
  useEffect(() => {
    const carries = (event: DragEvent) =>
      event.dataTransfer?.types.includes("Files") && !document.querySelector("dialog[open]");
    const over = (event: DragEvent) => {
      if (!carries(event)) return;
      event.preventDefault();
      setDragging(true);
    };
    const leave = (event: DragEvent) => {
      // Out of the window, not from one element to the next.
      if (event.relatedTarget === null) setDragging(false);
    };
    const drop = (event: DragEvent) => {
      setDragging(false);
      if (!carries(event)) return;
      event.preventDefault();
      taker.current([...(event.dataTransfer?.files ?? [])]);
    };
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      const isElsewhere = event.target instanceof HTMLElement && event.target.id !== "composer" && isTyping(event);
      if (files.length === 0 || isElsewhere) return;
      event.preventDefault();
      taker.current(files);
    };
    document.addEventListener("dragover", over);
    document.addEventListener("dragleave", leave);
    document.addEventListener("drop", drop);
    document.addEventListener("paste", paste);
    return () => {
      document.removeEventListener("dragover", over);
      document.removeEventListener("dragleave", leave);
      document.removeEventListener("drop", drop);
      document.removeEventListener("paste", paste);
    };
  }, []);
  return dragging;
}
