export class Responses {
	readonly isBusy: boolean = false;
	step(): void {}
}
