import type { MethodArgs } from "../../../../src/protocol/index.js";
import { chargeOfBlob } from "./charges.js";
import { CANISTER_VERSION, type Model, type ModelBlob, PRINCIPALS, refuse } from "./model.js";

/** What leases should keep, and what their methods should do. */

const DAY_MS = 86_400_000;

export interface ModelLease {
	readonly who: number;
	readonly id: Uint8Array;
	readonly sequence: bigint;
	readonly takenAt: number;
	readonly endsAt: number;
	readonly bytes: number;
	readonly used: number;
	readonly broken: boolean;
}

interface Leased {
	readonly blob: ModelBlob;
	readonly gone: bigint;
}

const same = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;

export class Leases {
	readonly #model: Model;
	all: ModelLease[] = [];
	kept = new Map<bigint, Leased>();
	#looks = false;

	constructor(model: Model) {
		this.#model = model;
	}

	isOver({ endsAt, who }: ModelLease): boolean {
		return endsAt <= this.#model.now || !this.#model.has(who, "backup");
	}

	/** What there was when it was taken and its key holds no more. */
	of(lease: ModelLease): ModelBlob[] {
		return [...this.kept.values()]
			.filter((leased) => this.#spans(lease, leased))
			.map(({ blob }) => blob)
			.sort((a, b) => (a.manifest.sequence < b.manifest.sequence ? -1 : 1));
	}

	#saw({ sequence, takenAt }: ModelLease, { manifest }: ModelBlob): boolean {
		const [end] = manifest.expires_at;
		return manifest.sequence <= sequence && (end === undefined || end > BigInt(takenAt) * 1_000_000n);
	}

	#spans(lease: ModelLease, { blob, gone }: Leased): boolean {
		return this.#saw(lease, blob) && lease.sequence < gone;
	}

	/** `gone`: the change by which its key gives it up; by default the next. */
	keep(blob: ModelBlob, gone = this.#model.sequence + 1n): void {
		const covers = (lease: ModelLease) => !lease.broken && !this.isOver(lease) && this.#saw(lease, blob);
		const charged = chargeOfBlob(blob);
		const bears = (lease: ModelLease) => covers(lease) && lease.used + charged <= lease.bytes;
		const isKept = this.all.some(bears);
		if (this.kept.size > 0 && this.all.some((lease) => covers(lease) && !bears(lease))) this.#looks = true;
		this.all = this.all.map((lease) => {
			if (bears(lease)) return { ...lease, used: lease.used + charged };
			return covers(lease) ? { ...lease, broken: true } : lease;
		});
		if (isKept) this.kept.set(blob.manifest.sequence, { blob, gone });
	}

	drop(sequence: bigint): void {
		const leased = this.kept.get(sequence);
		if (leased === undefined) return;
		this.kept.delete(sequence);
		const { owner: holder, uploader, pieces } = leased.blob;
		const used = chargeOfBlob(leased.blob);
		this.all = this.all.map((lease) =>
			this.#spans(lease, leased) ? { ...lease, used: Math.max(0, lease.used - used) } : lease,
		);
		this.#model.garbage.push({ holder, uploader, charged: 0, pieces });
	}

	end(isEnded: (lease: ModelLease) => boolean): void {
		const left = this.all.filter((lease) => !isEnded(lease));
		if (left.length < this.all.length && this.kept.size > 0) this.#looks = true;
		this.all = left;
	}

	endOver(): void {
		this.end((lease) => this.isOver(lease));
	}

	clean(): void {
		if (this.all.some(({ endsAt }) => endsAt <= this.#model.now)) this.endOver();
		if (!this.#looks) return;
		this.#looks = false;
		const holding = this.all.filter((lease) => !lease.broken && !this.isOver(lease));
		for (const [sequence, leased] of [...this.kept].sort(([a], [b]) => (a < b ? -1 : 1)))
			if (!holding.some((lease) => this.#spans(lease, leased))) this.drop(sequence);
	}

	/** As they were, for a batch that is refused. */
	snapshot(): () => void {
		const { all, kept } = this;
		const looks = this.#looks;
		this.kept = new Map(kept);
		return () => {
			this.all = all;
			this.kept = kept;
			this.#looks = looks;
		};
	}

	listed() {
		return this.all
			.filter((lease) => !this.isOver(lease))
			.map(({ id, who, sequence, takenAt, endsAt, bytes, used, broken }) => ({
				id,
				holder: PRINCIPALS[who]!,
				version: { sequence, canister_version: CANISTER_VERSION },
				taken_at: BigInt(takenAt) * 1_000_000n,
				ends_at: BigInt(endsAt) * 1_000_000n,
				bytes: BigInt(bytes),
				used: BigInt(used),
				broken,
			}));
	}
}

function change(
	model: Model,
	who: number,
	method: "blobs_take_lease" | "blobs_extend_lease" | "blobs_release_lease",
	request: { id: Uint8Array },
	act: () => boolean,
) {
	if (!model.has(who)) {
		model.requireMode("draining");
		model.require(who, "backup");
	}
	const changes = model.has(who) ? 0 : 2;
	return model.once(who, request.id, "administered", method, request, changes, () => {
		if (act()) {
			model.changed(who);
			model.sequence++;
			model.administered++;
		}
		return model.version;
	});
}

const lifeOf = (life: bigint, most: number): number => {
	const ms = Number(life / 1_000_000n);
	return ms < 1 || ms > most ? refuse("invalid_argument") : ms;
};

export function takeLease(model: Model, who: number, [request]: MethodArgs<"blobs_take_lease">) {
	return change(model, who, "blobs_take_lease", request, () => {
		const { leases } = model;
		const lifeMs = lifeOf(request.life, DAY_MS);
		const holding = leases.all.filter((lease) => !leases.isOver(lease));
		if (holding.some(({ id }) => same(id, request.id))) refuse("upload_conflict");
		if (holding.length >= 8 || holding.filter((lease) => lease.who === who).length >= 2)
			refuse("quota_exceeded");
		leases.endOver();
		leases.all.push({
			who,
			id: request.id.slice(),
			sequence: model.sequence + 1n,
			takenAt: model.now,
			endsAt: model.now + lifeMs,
			bytes: Number(request.bytes),
			used: 0,
			broken: false,
		});
		return true;
	});
}

export function extendLease(model: Model, who: number, [request]: MethodArgs<"blobs_extend_lease">) {
	return change(model, who, "blobs_extend_lease", request, () => {
		const { leases } = model;
		const lease = leases.all.find(({ id }) => same(id, request.lease));
		if (lease === undefined || lease.who !== who || leases.isOver(lease)) return refuse("lease_not_found");
		if (lease.broken) refuse("lease_broken");
		const life = lifeOf(request.life, Math.min(DAY_MS, lease.takenAt + 7 * DAY_MS - model.now));
		leases.all = leases.all.map((each) => (each === lease ? { ...lease, endsAt: model.now + life } : each));
		return true;
	});
}

export function releaseLease(model: Model, who: number, [request]: MethodArgs<"blobs_release_lease">) {
	return change(model, who, "blobs_release_lease", request, () => {
		const lease = model.leases.all.find(({ id }) => same(id, request.lease));
		if (lease === undefined) return false;
		if (lease.who !== who && !model.has(who)) refuse("not_authorized");
		model.leases.end((each) => each === lease);
		return true;
	});
}
