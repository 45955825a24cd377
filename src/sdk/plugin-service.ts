/** What passes between the server and the handlers of a plugin's `[[services]]`: plain JSON in snake_case. */

/** `start_handler` resolves when the service runs, `stop_handler` when it does no longer; what they return is not looked at. */
export interface PluginServiceCall {
  readonly service: string;
}

/** Notification `service.failed`: it ended by itself; it is started again, later and later. */
export interface PluginServiceFailed {
  readonly service: string;
  readonly message?: string;
}
