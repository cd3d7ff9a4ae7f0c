/**
 * The part of Azle 0.33 that this module uses. Azle's package exports TypeScript sources, which the compiler would
 * check under this project's settings and fail; the end-to-end tests hold this description to the real thing.
 */
import type { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";

type MethodDecorator = (method: (this: never) => void, context: ClassMethodDecoratorContext) => void;

export function query(args: IDL.Type[], result: IDL.Type, options: { manual: true }): MethodDecorator;
export function update(args: IDL.Type[], result: IDL.Type, options: { manual: true }): MethodDecorator;
export function init(args: IDL.Type[], options: { manual: true }): MethodDecorator;
export function postUpgrade(args: IDL.Type[], options: { manual: true }): MethodDecorator;
export function inspectMessage(options: { manual: true }): MethodDecorator;

export function msgArgData(): Uint8Array;
export function msgReject(message: string): void;
export function msgReply(reply: Uint8Array): void;
export function canisterSelf(): Principal;
export function msgCaller(): Principal;
export function msgMethodName(): string;
export function performanceCounter(type: 0): bigint;
export function canisterCycleBalance(): bigint;
export function canisterVersion(): bigint;
export function dataCertificate(): Uint8Array | undefined;
export function inReplicatedExecution(): boolean;
export function isController(who: Principal): boolean;
export function time(): bigint;
export function trap(message: string): never;
export function certifiedDataSet(data: Uint8Array): void;
export function setTimer(seconds: number, callback: () => void): bigint;

export interface Serializable {
	toBytes(data: Uint8Array): Uint8Array;
	fromBytes(bytes: Uint8Array): Uint8Array;
}
export class StableBTreeMap {
	constructor(memoryId: number, key: Serializable, value: Serializable);
	containsKey(key: Uint8Array): boolean;
	get(key: Uint8Array): Uint8Array | undefined;
	isEmpty(): boolean;
	insert(key: Uint8Array, value: Uint8Array): Uint8Array | undefined;
	remove(key: Uint8Array): Uint8Array | undefined;
}
