/** `canister-blobs completion`: shell completion, generated from the table of commands and their help. */
import { type Command, parsed, UsageError } from "./command.js";

/** Name, summary, and module. */
export type Entry = readonly [name: string, summary: string, load: () => Promise<Command>];

interface Completed {
	readonly name: string;
	readonly summary: string;
	/** With their dashes, as `--help` lists them. */
	readonly options: readonly string[];
}

const help = `Usage: canister-blobs completion bash|zsh|fish

Prints a script by which a shell completes commands and options:

  bash   source <(canister-blobs completion bash)        in ~/.bashrc
  zsh    source <(canister-blobs completion zsh)         in ~/.zshrc, after compinit
  fish   canister-blobs completion fish > ~/.config/fish/completions/canister-blobs.fish`;

/** The options in a help text: those on lines that begin with an option. */
export function optionsIn(text: string): string[] {
	const lines = text.split("\n").filter((line) => /^ +-/.test(line));
	const found = lines.flatMap((line) => line.match(/(?<![\w-])--?[a-zA-Z][a-z-]*/g) ?? []);
	return [...new Set([...found, "--help"])];
}

const bash = (commands: readonly Completed[]): string => `_canister_blobs() {
	local word=\${COMP_WORDS[COMP_CWORD]} options=
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")}" -- "$word"))
		return
	fi
	case \${COMP_WORDS[1]} in
${commands.map(({ name, options }) => `\t${name}) options="${options.join(" ")}" ;;`).join("\n")}
	esac
	case $word in -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;; esac
}
complete -o default -F _canister_blobs canister-blobs`;

const zsh = (commands: readonly Completed[]): string => `_canister_blobs() {
	local -a commands options
	commands=(
${commands.map(({ name, summary }) => `\t\t${quoted(`${name}:${summary}`)}`).join("\n")}
	)
	if (( CURRENT == 2 )); then
		_describe command commands
		return
	fi
	case $words[2] in
${commands.map(({ name, options }) => `\t${name}) options=(${options.join(" ")}) ;;`).join("\n")}
	esac
	if [[ $words[CURRENT] == -* ]]; then compadd -a options; else _files; fi
}
compdef _canister_blobs canister-blobs`;

const fish = (commands: readonly Completed[]): string =>
	commands
		.flatMap(({ name, summary, options }) => [
			`complete -c canister-blobs -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`,
			...options.map(
				(option) =>
					`complete -c canister-blobs -n '__fish_seen_subcommand_from ${name}' ` +
					(option.startsWith("--") ? `-l ${option.slice(2)}` : `-s ${option.slice(1)}`),
			),
		])
		.join("\n");

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const SHELLS: Readonly<Record<string, (commands: readonly Completed[]) => string>> = { bash, zsh, fish };

/** The command, for the table that also contains it. */
export const completionOf = (table: readonly Entry[]): Command => ({
	help,
	run: async (args) => {
		const [shell = "", more] = parsed(args, {}).positionals;
		const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
		if (script === undefined || more !== undefined)
			throw new UsageError("completion takes bash, zsh or fish");
		const commands = table.map(async ([name, summary, load]): Promise<Completed> => {
			// Uses its own help text: it cannot load itself.
			const text = name === "completion" ? help : (await load()).help;
			return { name, summary, options: optionsIn(text) };
		});
		console.log(script(await Promise.all(commands)));
	},
});
