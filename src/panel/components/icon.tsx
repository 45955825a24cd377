/** Line drawings on a 16 px grid, hidden from readers: the control beside them has the name. */

const PATHS = {
  plus: "M8 3v10M3 8h10",
  search: "M7 12a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM11 11l3 3",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  close: "M4 4l8 8M12 4l-8 8",
  rail: "M2.5 3.5h11v9h-11zM6.5 3.5v9",
  settings: "M2.5 5h6M11.5 5h2M2.5 11h2M7.5 11h6M10 3.5v3M6 9.5v3",
  approvals: "M8 1.5l5 2v4c0 3.2-2.1 5.6-5 7-2.9-1.4-5-3.8-5-7v-4zM5.5 8l1.8 1.8L10.7 6.2",
  plugins: "M6 2.5v3M10 2.5v3M4.5 5.5h7v3a3.5 3.5 0 0 1-7 0zM8 12v2",
  devices: "M2 3.5h8v6H2zM4 12.5h3.5M11.5 6.5h3v6.5h-3z",
  channels: "M2.5 3.5h11v7h-6l-3 2.5v-2.5h-2zM5.5 7h5",
  memory: "M3.5 2.5h8a1 1 0 0 1 1 1v10h-8a1.5 1.5 0 0 1 0-3h8M3.5 2.5v9",
  usage: "M2.5 13.5h11M4.5 11V8M8 11V3.5M11.5 11V6",
  send: "M8 13V3.5M4 7l4-4 4 4",
  stop: "M4.5 4.5h7v7h-7z",
  clip: "M13 7.5 8 12.4a3.2 3.2 0 0 1-4.5-4.5l5.2-5.1a2.1 2.1 0 0 1 3 3L6.6 10.8a1 1 0 0 1-1.5-1.5L9.6 5",
  down: "M8 3v9.5M4 9l4 4 4-4",
  chevron: "M6 4l4 4-4 4",
  check: "M3 8.5 6.5 12 13 4.5",
  copy: "M5.5 5.5h7.5v7.5H5.5zM3 10.5v-7.5h7.5",
  file: "M4 2.5h5l3 3v8H4zM9 2.5v3h3",
  steer: "M3 4v3.5a2 2 0 0 0 2 2h7.5M9.5 6.5l3 3-3 3",
  edit: "M3 13l.7-3.2L10.5 3l2.5 2.5L6.2 12.3zM9 4.5 11.5 7",
  delete: "M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9M6.8 7v4M9.2 7v4",
  again: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  fork: "M4.5 4.5v7M4.5 8h4a3 3 0 0 0 3-3V4.5M4.5 2.5v.01M4.5 13.5v.01M11.5 2.5v.01",
  think: "M6 12.5h4M6.5 14.5h3M6.2 10.5c0-1.6-2-2.3-2-4.6a3.8 3.8 0 0 1 7.6 0c0 2.3-2 3-2 4.6z",
  camera: "M2.5 5h2.6l1-1.8h3.8l1 1.8h2.6v8h-11zM8 11a2.2 2.2 0 1 0 0-4.4A2.2 2.2 0 0 0 8 11",
  back: "M13 8H3.5M7 4 3 8l4 4",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: an aleph, drawn. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M6.5 5.5C8 12.5 21 19.5 25.5 26.5" stroke-width="3.6" />
      <path d="M24 5.5C25.8 10 24.6 15 19.2 18.4" stroke-width="3" />
      <path d="M12.6 13.4C7.4 16.6 6.6 21.6 8.4 26.5" stroke-width="3" />
    </svg>
  );
}
