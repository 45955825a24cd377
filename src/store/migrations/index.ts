import { conversations } from "./0001-conversations.ts";

/** Forward steps in order; the database's `user_version` says how many it has had. */
export const migrations: readonly string[] = [conversations];
