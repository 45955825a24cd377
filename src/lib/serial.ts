/** Runs pieces of asynchronous work one after the other, in the order in which they came. */

export type Serial = <T>(work: () => Promise<T>) => Promise<T>;

/** Each call gets its own result or error; one that fails does not stop the next. */
export function createSerial(): Serial {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work, work);
    last = result;
    return result;
  };
}
