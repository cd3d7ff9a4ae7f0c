/**
 * A tree that shares nodes with another: those of a lower number than the mark were there when one was made as the
 * other's copy, and neither changes them any more. It changes a copy of its own, under a new number.
 */
export interface Sharing {
	readonly mark: number;
	/** Is told of each such node that the tree has no more: the other may still have it. */
	drop(id: number): void;
}
