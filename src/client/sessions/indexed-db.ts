import type { SessionNote, SessionStore } from "./types.js";

const STORE = "sessions";

/**
 * Records uploads in the browser's IndexedDB, for all pages of this origin. It can store a FileSystemFileHandle: after
 * a reload the page only asks for permission to read the file again.
 * @param name name of the database; default `canister-blobs`
 */
export function indexedDbSessions(name = "canister-blobs"): SessionStore {
	let opening: Promise<IDBDatabase> | undefined;
	const open = () => {
		opening ??= new Promise<IDBDatabase>((resolve, reject) => {
			const request = indexedDB.open(name, 1);
			request.onupgradeneeded = () => request.result.createObjectStore(STORE);
			request.onsuccess = () => {
				// Close the connection, so that it does not block the deletion of the database.
				request.result.onversionchange = () => {
					request.result.close();
					opening = undefined;
				};
				resolve(request.result);
			};
			request.onerror = () => reject(request.error);
		}).catch((error) => {
			opening = undefined;
			throw error;
		});
		return opening;
	};
	const use = async <T>(
		mode: IDBTransactionMode,
		act: (store: IDBObjectStore) => IDBRequest<T>,
	): Promise<T> => {
		const database = await open();
		return new Promise((resolve, reject) => {
			const transaction = database.transaction(STORE, mode);
			const request = act(transaction.objectStore(STORE));
			transaction.oncomplete = () => resolve(request.result);
			transaction.onabort = () => reject(transaction.error);
		});
	};
	const nameOf = ({ canisterId, id }: Pick<SessionNote, "canisterId" | "id">) => [canisterId, id];
	return {
		put: async (note) => {
			await use("readwrite", (store) => store.put(note, nameOf(note)));
		},
		remove: (note) => use("readwrite", (store) => store.delete(nameOf(note))),
		list: () => use<SessionNote[]>("readonly", (store) => store.getAll()),
	};
}
