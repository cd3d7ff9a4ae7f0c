/** The page's element with this id. Page and script are built together, so it exists. */
export function element<T extends HTMLElement = HTMLElement>(id: string): T {
	return document.getElementById(id) as T;
}

export function button(text: string, label: string, onClick: () => void): HTMLButtonElement {
	const made = document.createElement("button");
	made.type = "button";
	made.className = "quiet";
	made.textContent = text;
	made.setAttribute("aria-label", label);
	made.addEventListener("click", onClick);
	return made;
}

/** Shows or clears an error. Errors of the client contain advice. */
export function showProblem(error?: unknown): void {
	const problem = element("problem");
	problem.hidden = error === undefined;
	problem.textContent = error instanceof Error ? error.message : error === undefined ? "" : String(error);
}
