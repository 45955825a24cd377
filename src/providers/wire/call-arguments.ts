/** The arguments of a call that goes back to a model as an object, whatever the model wrote. */

/** Many servers parse the history anew at each request: with what is no object in it, no conversation would go on. */
export function argumentsOf(args: unknown): Record<string, unknown> {
  if (typeof args === "object" && args !== null && !Array.isArray(args)) return args as Record<string, unknown>;
  return args === undefined || args === null ? {} : { invalid_arguments: args };
}
