import { PoolError } from '../errors.ts';

const DATABASE = 'peerpool';
const STORE = 'identities';

/**
 * The key pair of this label, or this fresh one, kept under it from now on. One transaction looks and stores, so of those who ask at once all get the same.
 * @throws PoolError `unsupported`
 */
export async function kept(label: string, fresh: CryptoKeyPair): Promise<CryptoKeyPair> {
  try {
    const database = await opened();
    try {
      return await lookOrStore(database, label, fresh);
    } finally {
      database.close();
    }
  } catch (cause) {
    const text = 'there is no IndexedDB to keep an identity in; { keep: false } makes one that is not kept';
    throw new PoolError('unsupported', text, { reason: 'storage', cause });
  }
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return answered(request);
}

async function lookOrStore(database: IDBDatabase, label: string, fresh: CryptoKeyPair): Promise<CryptoKeyPair> {
  const transaction = database.transaction(STORE, 'readwrite');
  const stored = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB gave up'));
  });
  const store = transaction.objectStore(STORE);
  const found = await answered(store.get(label) as IDBRequest<CryptoKeyPair | undefined>);
  if (found === undefined) store.put(fresh, label);
  await stored;
  return found ?? fresh;
}

function answered<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB gave no reason'));
  });
}
