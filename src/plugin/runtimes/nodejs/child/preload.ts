/** Runs in a plugin's process before its entry: gives it the SDK, its way to the server, and none to the pipes of both. */
import * as sdk from "../../../../../plugins/sdk/index.js";
import type { Call, Initialize, More } from "../messages.ts";
import { Broker } from "./broker.ts";
import { noteDenial } from "./denials.ts";
import { installFetch } from "./fetch.ts";
import { HandlerTable } from "./handlers.ts";
import { installHttp } from "./http.ts";
import { takeOverOutput } from "./output.ts";
import { installUndici } from "./undici.ts";
import { describeLoadError } from "./load-error.ts";
import { installWebSocket } from "./websocket.ts";
import { Wire } from "./wire.ts";
import { installWs } from "./ws.ts";
