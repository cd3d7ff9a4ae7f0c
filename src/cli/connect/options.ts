/** Options of every command that calls a store, for `parseArgs`. */
export const CONNECTION = {
	canister: { type: "string", short: "c" },
	network: { type: "string", short: "n" },
	environment: { type: "string", short: "e" },
	host: { type: "string" },
	identity: { type: "string", short: "i" },
	"identity-password-file": { type: "string" },
	local: { type: "boolean", default: false },
} as const;

export const CONNECTION_HELP = `
  -c, --canister <id>     the store: its id, or its name in icp.yaml or dfx.json; or
                          the variable CANISTER_BLOBS_CANISTER. On the network that
                          canister-blobs network runs here: the name of the installed
                          file, or nothing if there is only one
  -n, --network <name>    its network: ic (the default), local, or one of icp.yaml or
                          dfx.json; or the variable CANISTER_BLOBS_NETWORK
  -e, --environment <name> an environment of icp.yaml, in place of --network
      --host <url>        an API boundary, in place of --network
      --local             the host is a test network on this machine: fetch its root
                          key and trust it
  -i, --identity <name>   the caller: a private key in PEM (Ed25519, secp256k1, P-256),
                          or the name of an identity of icp or dfx; or the variable
                          CANISTER_BLOBS_IDENTITY. Default: the anonymous principal
      --identity-password-file <file>
                          the password of a protected key; or the variable
                          CANISTER_BLOBS_IDENTITY_PASSWORD, or a terminal asks`;

export interface ConnectionValues {
	readonly canister?: string | undefined;
	readonly network?: string | undefined;
	readonly environment?: string | undefined;
	readonly host?: string | undefined;
	readonly identity?: string | undefined;
	readonly "identity-password-file"?: string | undefined;
	readonly local: boolean;
}
