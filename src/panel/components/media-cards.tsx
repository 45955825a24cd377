/** Files that a message or a result carries: pictures are seen, all others named; each opens by a link that ends. */
import { useState } from "preact/hooks";
import type { MediaPart } from "../../protocol/message.ts";
import { useFormats, usePanel, useT } from "./context.ts";
import { Icon } from "./icon.tsx";

/** What the server hands out to be looked at; all else it hands out to be saved. */
const PICTURE = /^image\/(?:png|jpeg|gif|webp|avif)$/;

export function MediaCards({ parts }: { parts: readonly MediaPart[] }) {
  if (parts.length === 0) return null;
  return (
    <ul class="cards">
      {parts.map((part) => (
        <li key={part.media_id}>
          <MediaCard part={part} />
        </li>
      ))}
    </ul>
  );
}

function MediaCard({ part }: { part: MediaPart }) {
  const t = useT();
  const { bytes } = useFormats();
  const { mediaLinks } = usePanel();
  const [broken, setBroken] = useState(false);
  const url = mediaLinks.of(part.media_id).value;
  const name = part.name ?? part.mime;
  const isPicture = PICTURE.test(part.mime) && !broken;
  const body = isPicture ? (
    <>
      {/* Its room is there before it is: nothing jumps when it comes. */}
      <span class="picture">{url && <img src={url} alt={name} loading="lazy" onError={() => setBroken(true)} />}</span>
      <span class="card-line">
        <span class="card-name">{name}</span>
        <span class="meta">{bytes(part.size)}</span>
      </span>
    </>
  ) : (
    <>
      <Icon name="file" />
      <span class="card-name">{name}</span>
      <span class="meta">{bytes(part.size)}</span>
    </>
  );
  const look = isPicture ? "card with-picture" : "card";
  if (!url) return <span class={look}>{body}</span>;
  return (
    <a class={look} href={url} target="_blank" rel="noopener" title={t("media.open", { name })}>
      {body}
    </a>
  );
}
