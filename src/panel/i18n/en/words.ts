/** Every word of the panel in English; the other languages have the same keys. */

import { access } from "./access.ts";
import { administration } from "./administration.ts";
import { app } from "./app.ts";
import { conversation } from "./conversation.ts";
import { extensions } from "./extensions.ts";
import { records } from "./records.ts";
import { setup } from "./setup.ts";

export const words = { ...app, ...conversation, ...access, ...extensions, ...records, ...setup, ...administration };
