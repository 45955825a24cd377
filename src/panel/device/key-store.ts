/** Where the key is kept: IndexedDB, which can hold a key that cannot be read. */

export type Kept =
  | { readonly kind: "held"; readonly key: CryptoKey; readonly publicKey: string; readonly id: string }
  | { readonly kind: "bytes"; readonly secret: Uint8Array; readonly publicKey: string; readonly id: string };

const DATABASE = "aleph";
const STORE = "keys";
const NAME = "device";

export function readKept(): Promise<Kept | undefined> {
  return within("readonly", (store) => store.get(NAME) as IDBRequest<Kept | undefined>);
}

export async function writeKept(kept: Kept): Promise<void> {
  await within("readwrite", (store) => store.put(kept, NAME));
}

export async function forgetKept(): Promise<void> {
  await within("readwrite", (store) => store.delete(NAME));
}

/** Resolves when the transaction is done. Rejects when the browser keeps nothing here, as in some private windows. */
async function within<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open();
  try {
    const done = Promise.withResolvers<T>();
    const transaction = database.transaction(STORE, mode);
    const request = act(transaction.objectStore(STORE));
    transaction.oncomplete = () => done.resolve(request.result);
    transaction.onabort = () => done.reject(transaction.error);
    return await done.promise;
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  const opened = Promise.withResolvers<IDBDatabase>();
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => void request.result.createObjectStore(STORE);
  request.onsuccess = () => opened.resolve(request.result);
  request.onerror = () => opened.reject(request.error);
  return opened.promise;
}
