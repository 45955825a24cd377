/**
 * What passes between the server and a plugin's process: JSON-RPC 2.0, one message a line, in both directions. Each side
 * counts the ids of its own requests. Bytes are in base64.
 */

/** Request `initialize`, the first message. Answered with `Ready` when the entry has been loaded. */
export interface Initialize {
  readonly plugin: { readonly id: string; readonly name: string; readonly version: string };
  /** For each handler that the manifest names, where it may be found besides under its own name: `["tools", "my_tool"]`. */
  readonly places: Readonly<Record<string, readonly (readonly string[])[]>>;
  /** Characters of one answer. */
  readonly maxAnswer: number;
  /** Whether the system keeps it from what it may not. */
  readonly confined: boolean;
}

export interface Ready {
  /** Handlers of the manifest that the plugin does not have. */
  readonly missing: readonly string[];
}

/** Request `call`. Answered with `{value}`; of a stream after its last part, with nothing. */
export interface Call {
  readonly handler: string;
  readonly args: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  readonly stream: boolean;
}

/** Notification `more`: so many parts of a stream, or bytes of a body, may come. `cancel` has only the id. */
export interface More {
  readonly id: number;
  readonly count: number;
}

/** Notification `part`, of a stream. */
export interface Part {
  readonly id: number;
  readonly value: unknown;
}

/** Request `fetch` of the plugin. Answered with `FetchHead`; then come `body` and `body_end`. */
export interface FetchRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly redirect: "follow" | "manual" | "error";
  /** `true`: it follows in notifications `upload`, ended by `upload_end`. */
  readonly body: string | true | null;
}

export interface FetchHead {
  readonly status: number;
  readonly status_text: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly url: string;
  readonly redirected: boolean;
  readonly has_body: boolean;
}

/** Request `connect` of the plugin. Answered with `{protocol}`; then come `socket` and `socket_end`. */
export interface ConnectRequest {
  readonly url: string;
  readonly protocols: readonly string[];
  readonly headers: FetchRequest["headers"];
}

/** Notification `socket`, in both directions. `ping` and `pong` carry base64. */
export interface SocketMessage {
  readonly id: number;
  readonly kind: "text" | "binary" | "ping" | "pong";
  readonly data: string;
}

/** Notification `socket_end`: it is closed (from the server), or it shall be (from the plugin). */
export interface SocketEnd {
  readonly id: number;
  readonly code: number;
  readonly reason: string;
  readonly clean: boolean;
}

/** The error of an answer. `data.code` of a call: `handler`, `cancelled`, `too_large`; of `initialize`: `start`. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
}
