/** Files that a message or a result carries. */
import type { MediaPart } from "../../protocol/message.ts";
import { useFormats } from "./context.ts";
import { Icon } from "./icon.tsx";

export function MediaCards({ parts }: { parts: readonly MediaPart[] }) {
  const { bytes } = useFormats();
  if (parts.length === 0) return null;
  return (
    <ul class="cards">
      {parts.map((part) => (
        <li key={part.media_id} class="card">
          <Icon name="file" />
          <span class="card-name">{part.name ?? part.mime}</span>
          <span class="meta">{bytes(part.size)}</span>
        </li>
      ))}
    </ul>
  );
}
