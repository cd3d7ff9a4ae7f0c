// The interface of a blob store. Made from src/protocol by scripts/candid.mjs: change it there.
export const idlFactory = ({ IDL }) => {
  const UploadName = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'owner' : IDL.Principal,
  });
  const Version = IDL.Record({
    'canister_version' : IDL.Nat64,
    'sequence' : IDL.Nat64,
  });
  const Error = IDL.Variant({
    'upload_finished' : IDL.Record({ 'outcome' : IDL.Text }),
    'malformed' : IDL.Record({ 'reason' : IDL.Text }),
    'lease_not_found' : IDL.Record({}),
    'low_cycles' : IDL.Record({ 'missing' : IDL.Nat64 }),
    'precondition_failed' : IDL.Record({
      'canister_version' : IDL.Nat64,
      'sequence' : IDL.Nat64,
    }),
    'rolled_back' : IDL.Record({
      'canister_version' : IDL.Nat64,
      'sequence' : IDL.Nat64,
    }),
    'mode_changed' : IDL.Record({ 'generation' : IDL.Nat64 }),
    'no_room' : IDL.Record({ 'missing' : IDL.Nat64 }),
    'root_mismatch' : IDL.Record({ 'stored' : IDL.Vec(IDL.Nat8) }),
    'not_done_yet' : IDL.Record({}),
    'blob_replaced' : IDL.Record({
      'canister_version' : IDL.Nat64,
      'sequence' : IDL.Nat64,
    }),
    'lease_broken' : IDL.Record({ 'bytes' : IDL.Nat64 }),
    'batch_too_large' : IDL.Record({ 'fits' : IDL.Nat32, 'items' : IDL.Nat32 }),
    'blob_not_found' : IDL.Record({}),
    'anonymous' : IDL.Record({}),
    'upload_not_found' : IDL.Record({}),
    'upload_conflict' : IDL.Record({ 'field' : IDL.Text }),
    'batch_finished' : IDL.Record({ 'outcome' : IDL.Text }),
    'behind' : IDL.Record({
      'canister_version' : IDL.Nat64,
      'sequence' : IDL.Nat64,
    }),
    'missing_chunks' : IDL.Record({ 'first' : IDL.Nat32, 'count' : IDL.Nat32 }),
    'chunk_out_of_range' : IDL.Record({
      'count' : IDL.Nat64,
      'index' : IDL.Nat64,
    }),
    'batch_revealing' : IDL.Record({}),
    'cursor_unknown' : IDL.Record({ 'sequence' : IDL.Nat64 }),
    'batch_not_found' : IDL.Record({}),
    'version_unsupported' : IDL.Record({
      'side' : IDL.Text,
      'what' : IDL.Text,
    }),
    'not_importable' : IDL.Record({ 'reason' : IDL.Text }),
    'cursor_pruned' : IDL.Record({ 'first' : IDL.Nat64 }),
    'not_authorized' : IDL.Record({ 'needs' : IDL.Text }),
    'invalid_argument' : IDL.Record({
      'field' : IDL.Text,
      'limit' : IDL.Nat64,
      'reason' : IDL.Text,
    }),
    'chunk_too_large' : IDL.Record({
      'actual' : IDL.Nat64,
      'limit' : IDL.Nat64,
    }),
    'quota_exceeded' : IDL.Record({
      'used' : IDL.Nat64,
      'quota' : IDL.Text,
      'needed' : IDL.Nat64,
      'limit' : IDL.Nat64,
    }),
    'not_live' : IDL.Record({ 'mode' : IDL.Text, 'generation' : IDL.Nat64 }),
    'chunk_wrong_size' : IDL.Record({
      'actual' : IDL.Nat64,
      'expected' : IDL.Nat64,
      'index' : IDL.Nat32,
    }),
  });
  const Refusal = IDL.Record({
    'action' : IDL.Text,
    'code' : IDL.Text,
    'item' : IDL.Opt(IDL.Nat32),
    'message' : IDL.Text,
    'details' : IDL.Opt(Error),
  });
  const AcceptLink = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'owner' : IDL.Principal,
  });
  const Quota = IDL.Record({
    'cycles_per_day' : IDL.Nat64,
    'changes_per_day' : IDL.Nat64,
    'received_per_day' : IDL.Nat64,
    'blobs' : IDL.Nat64,
    'bytes' : IDL.Nat64,
    'open_uploads' : IDL.Nat32,
  });
  const Usage = IDL.Record({
    'changes_today' : IDL.Nat64,
    'received_today' : IDL.Nat64,
    'blobs' : IDL.Nat64,
    'bytes' : IDL.Nat64,
    'open_uploads' : IDL.Nat32,
    'cycles_today' : IDL.Nat64,
  });
  const Account = IDL.Record({
    'who' : IDL.Principal,
    'quota' : Quota,
    'granted' : IDL.Opt(IDL.Vec(IDL.Text)),
    'administers' : IDL.Opt(IDL.Bool),
    'usage' : Usage,
    'has_own_quota' : IDL.Bool,
    'roles' : IDL.Vec(IDL.Text),
  });
  const ImportedAs = IDL.Record({
    'modified_at' : IDL.Nat64,
    'owner' : IDL.Principal,
    'created_at' : IDL.Nat64,
  });
  const Precondition = IDL.Variant({
    'none' : IDL.Null,
    'version' : Version,
    'absent' : IDL.Null,
  });
  const Visibility = IDL.Variant({ 'public' : IDL.Null, 'private' : IDL.Null });
  const PutItem = IDL.Record({
    'as' : IDL.Opt(ImportedAs),
    'key' : IDL.Text,
    'precondition' : Precondition,
    'content' : IDL.Vec(IDL.Nat8),
    'sha256' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'metadata' : IDL.Vec(IDL.Tuple(IDL.Text, IDL.Text)),
    'root' : IDL.Vec(IDL.Nat8),
    'content_type' : IDL.Text,
    'visibility' : Visibility,
    'expires_at' : IDL.Opt(IDL.Nat64),
  });
  const MoveItem = IDL.Record({
    'to' : IDL.Text,
    'precondition' : Precondition,
    'source' : Precondition,
    'from' : IDL.Text,
  });
  const DeleteItem = IDL.Record({
    'key' : IDL.Text,
    'precondition' : Precondition,
  });
  const Expiry = IDL.Variant({ 'at' : IDL.Nat64, 'never' : IDL.Null });
  const UpdateItem = IDL.Record({
    'key' : IDL.Text,
    'precondition' : Precondition,
    'metadata' : IDL.Opt(IDL.Vec(IDL.Tuple(IDL.Text, IDL.Text))),
    'content_type' : IDL.Opt(IDL.Text),
    'expiry' : IDL.Opt(Expiry),
    'visibility' : IDL.Opt(Visibility),
  });
  const CommitItem = IDL.Record({
    'as' : IDL.Opt(ImportedAs),
    'id' : IDL.Vec(IDL.Nat8),
    'precondition' : Precondition,
    'sha256' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'metadata' : IDL.Vec(IDL.Tuple(IDL.Text, IDL.Text)),
    'root' : IDL.Vec(IDL.Nat8),
    'size' : IDL.Nat64,
    'content_type' : IDL.Text,
    'visibility' : Visibility,
    'expires_at' : IDL.Opt(IDL.Nat64),
  });
  const Batch = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'items' : IDL.Vec(
      IDL.Variant({
        'put' : PutItem,
        'rename' : MoveItem,
        'copy' : MoveItem,
        'delete' : DeleteItem,
        'update' : UpdateItem,
        'commit' : CommitItem,
      })
    ),
  });
  const BatchDone = IDL.Record({
    'at' : IDL.Nat64,
    'versions' : IDL.Vec(IDL.Opt(Version)),
  });
  const ImportSwitch = IDL.Record({ 'id' : IDL.Vec(IDL.Nat8) });
  const BeginUpload = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'key' : IDL.Text,
    'size' : IDL.Opt(IDL.Nat64),
    'chunk_size' : IDL.Nat32,
  });
  const Upload = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'key' : IDL.Text,
    'count' : IDL.Nat32,
    'size' : IDL.Opt(IDL.Nat64),
    'created_at' : IDL.Nat64,
    'chunk_size' : IDL.Nat32,
    'expires_at' : IDL.Nat64,
    'received' : IDL.Nat32,
  });
  const Cursor = IDL.Record({
    'head' : IDL.Vec(IDL.Nat8),
    'sequence' : IDL.Nat64,
  });
  const ChangesRequest = IDL.Record({
    'min_version' : IDL.Opt(Version),
    'after' : IDL.Opt(Cursor),
    'limit' : IDL.Nat32,
  });
  const ChangeBytes = IDL.Vec(IDL.Nat8);
  const Changes = IDL.Record({
    'certificate' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'last_version' : Version,
    'last' : Cursor,
    'witness' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'before' : Cursor,
    'changes' : IDL.Vec(ChangeBytes),
  });
  const Metadata = IDL.Vec(IDL.Tuple(IDL.Text, IDL.Text));
  const CommitUpload = IDL.Record({
    'as' : IDL.Opt(ImportedAs),
    'id' : IDL.Vec(IDL.Nat8),
    'precondition' : Precondition,
    'sha256' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'metadata' : Metadata,
    'root' : IDL.Vec(IDL.Nat8),
    'size' : IDL.Nat64,
    'content_type' : IDL.Text,
    'visibility' : Visibility,
    'expires_at' : IDL.Opt(IDL.Nat64),
  });
  const ManifestBytes = IDL.Vec(IDL.Nat8);
  const Move = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'to' : IDL.Text,
    'precondition' : Precondition,
    'source' : Precondition,
    'from' : IDL.Text,
  });
  const Delete = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'key' : IDL.Text,
    'precondition' : Precondition,
  });
  const Deleted = IDL.Record({ 'deleted' : IDL.Bool, 'version' : Version });
  const DeleteMany = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'blobs' : IDL.Vec(DeleteItem),
  });
  const DeletedMany = IDL.Record({
    'at' : IDL.Nat64,
    'deleted' : IDL.Opt(IDL.Vec(IDL.Bool)),
    'results' : IDL.Vec(IDL.Variant({ 'ok' : Version, 'err' : Refusal })),
  });
  const DropBatch = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'owner' : IDL.Opt(IDL.Principal),
    'batch' : IDL.Vec(IDL.Nat8),
  });
  const StagedBatch = IDL.Record({
    'broken' : IDL.Opt(IDL.Record({ 'key' : IDL.Text, 'refusal' : Refusal })),
    'owner' : IDL.Principal,
    'revealed' : IDL.Opt(Version),
    'state' : IDL.Text,
    'batch' : IDL.Vec(IDL.Nat8),
    'items' : IDL.Nat32,
    'expires_at' : IDL.Nat64,
    'ready' : IDL.Nat32,
  });
  const LinkName = IDL.Record({
    'who' : IDL.Principal,
    'owner' : IDL.Principal,
  });
  const EndLink = IDL.Record({ 'id' : IDL.Vec(IDL.Nat8), 'link' : LinkName });
  const ExpiryRule = IDL.Record({ 'life' : IDL.Nat64, 'prefix' : IDL.Text });
  const ExpiryRules = IDL.Record({ 'rules' : IDL.Vec(ExpiryRule) });
  const ExtendLease = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'life' : IDL.Nat64,
    'lease' : IDL.Vec(IDL.Nat8),
  });
  const GrantUsed = IDL.Record({ 'blobs' : IDL.Nat64, 'bytes' : IDL.Nat64 });
  const GivenAs = IDL.Record({
    'used' : GrantUsed,
    'giver' : IDL.Opt(IDL.Principal),
  });
  const GrantTerms = IDL.Record({
    'over_others' : IDL.Bool,
    'ends_at' : IDL.Opt(IDL.Nat64),
    'may_give' : IDL.Bool,
    'prefix' : IDL.Text,
    'blobs' : IDL.Opt(IDL.Nat64),
    'bytes' : IDL.Opt(IDL.Nat64),
    'public_only' : IDL.Bool,
    'may_purge' : IDL.Bool,
  });
  const GrantRole = IDL.Variant({ 'writer' : IDL.Null, 'reader' : IDL.Null });
  const GiveGrant = IDL.Record({
    'as' : IDL.Opt(GivenAs),
    'id' : IDL.Vec(IDL.Nat8),
    'who' : IDL.Principal,
    'terms' : GrantTerms,
    'role' : GrantRole,
    'under' : IDL.Opt(IDL.Vec(IDL.Nat8)),
  });
  const Role = IDL.Variant({
    'admin' : IDL.Null,
    'backup' : IDL.Null,
    'writer' : IDL.Null,
    'reader' : IDL.Null,
  });
  const RoleChange = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'who' : IDL.Principal,
    'role' : Role,
  });
  const Leaves = IDL.Record({
    'key' : IDL.Text,
    'from' : IDL.Nat32,
    'limit' : IDL.Nat32,
    'version' : Version,
  });
  const LinkChunks = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'from' : IDL.Nat32,
    'leaves' : IDL.Vec(IDL.Nat8),
  });
  const List = IDL.Record({
    'min_version' : IDL.Opt(Version),
    'after' : IDL.Opt(IDL.Text),
    'recursive' : IDL.Bool,
    'limit' : IDL.Nat32,
    'prefix' : IDL.Text,
  });
  const Expired = IDL.Record({
    'certificate' : IDL.Vec(IDL.Nat8),
    'manifests' : IDL.Vec(ManifestBytes),
    'witness' : IDL.Vec(IDL.Nat8),
  });
  const ListPage = IDL.Record({
    'certificate' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'expired' : IDL.Opt(Expired),
    'next' : IDL.Opt(IDL.Text),
    'witness' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'entries' : IDL.Vec(
      IDL.Variant({ 'directory' : IDL.Text, 'blob' : ManifestBytes })
    ),
  });
  const ListAccounts = IDL.Record({
    'after' : IDL.Opt(IDL.Principal),
    'limit' : IDL.Nat32,
  });
  const Accounts = IDL.Record({
    'next' : IDL.Opt(IDL.Principal),
    'accounts' : IDL.Vec(Account),
  });
  const ListAllUploads = IDL.Record({
    'after' : IDL.Opt(UploadName),
    'limit' : IDL.Nat32,
  });
  const AllUploads = IDL.Record({
    'uploads' : IDL.Vec(
      IDL.Record({ 'owner' : IDL.Principal, 'upload' : Upload })
    ),
    'next' : IDL.Opt(UploadName),
  });
  const StagedBatches = IDL.Record({ 'batches' : IDL.Vec(StagedBatch) });
  const DeletedName = IDL.Record({ 'key' : IDL.Text, 'version' : Version });
  const ListDeleted = IDL.Record({
    'after' : IDL.Opt(DeletedName),
    'limit' : IDL.Nat32,
    'prefix' : IDL.Text,
  });
  const DeletedBlob = IDL.Record({
    'kept_until' : IDL.Nat64,
    'deleted_at' : IDL.Nat64,
    'deleted_by' : IDL.Principal,
    'manifest' : ManifestBytes,
  });
  const DeletedBlobs = IDL.Record({
    'deleted' : IDL.Vec(DeletedBlob),
    'next' : IDL.Opt(DeletedName),
  });
  const GrantsOf = IDL.Variant({
    'all' : IDL.Null,
    'given_by' : IDL.Principal,
    'held_by' : IDL.Principal,
  });
  const GrantName = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'who' : IDL.Principal,
  });
  const ListGrants = IDL.Record({
    'of' : GrantsOf,
    'after' : IDL.Opt(GrantName),
    'limit' : IDL.Nat32,
  });
  const Grant = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'who' : IDL.Principal,
    'terms' : GrantTerms,
    'holds' : IDL.Bool,
    'role' : IDL.Text,
    'used' : GrantUsed,
    'under' : IDL.Opt(GrantName),
  });
  const Grants = IDL.Record({
    'grants' : IDL.Vec(Grant),
    'next' : IDL.Opt(GrantName),
  });
  const ListLeased = IDL.Record({
    'after' : IDL.Opt(IDL.Nat64),
    'lease' : IDL.Vec(IDL.Nat8),
    'limit' : IDL.Nat32,
  });
  const Leased = IDL.Record({
    'next' : IDL.Opt(IDL.Nat64),
    'manifests' : IDL.Vec(ManifestBytes),
  });
  const Lease = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'broken' : IDL.Bool,
    'ends_at' : IDL.Nat64,
    'used' : IDL.Nat64,
    'version' : Version,
    'bytes' : IDL.Nat64,
    'holder' : IDL.Principal,
    'taken_at' : IDL.Nat64,
  });
  const Leases = IDL.Record({ 'leases' : IDL.Vec(Lease) });
  const LinksOf = IDL.Variant({ 'all' : IDL.Null, 'owner' : IDL.Principal });
  const ListLinks = IDL.Record({
    'of' : LinksOf,
    'after' : IDL.Opt(LinkName),
    'limit' : IDL.Nat32,
  });
  const Link = IDL.Record({
    'who' : IDL.Principal,
    'holds' : IDL.Bool,
    'owner' : IDL.Principal,
    'since' : IDL.Nat64,
  });
  const Links = IDL.Record({
    'next' : IDL.Opt(LinkName),
    'links' : IDL.Vec(Link),
  });
  const OffersOf = IDL.Variant({
    'all' : IDL.Null,
    'made_to' : IDL.Principal,
    'given_by' : IDL.Principal,
  });
  const OfferName = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'giver' : IDL.Principal,
  });
  const ListOffers = IDL.Record({
    'of' : OffersOf,
    'after' : IDL.Opt(OfferName),
    'limit' : IDL.Nat32,
  });
  const Offered = IDL.Variant({ 'blob' : IDL.Text, 'prefix' : IDL.Text });
  const Offer = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'to' : IDL.Principal,
    'owner' : IDL.Principal,
    'ends_at' : IDL.Nat64,
    'what' : Offered,
    'giver' : IDL.Principal,
    'sequence' : IDL.Nat64,
  });
  const Offers = IDL.Record({
    'next' : IDL.Opt(OfferName),
    'offers' : IDL.Vec(Offer),
  });
  const OwnedOf = IDL.Variant({
    'offer' : OfferName,
    'owner' : IDL.Principal,
    'mine' : IDL.Null,
  });
  const ListOwned = IDL.Record({
    'of' : OwnedOf,
    'after' : IDL.Opt(IDL.Text),
    'limit' : IDL.Nat32,
    'prefix' : IDL.Text,
  });
  const Owned = IDL.Record({
    'next' : IDL.Opt(IDL.Text),
    'manifests' : IDL.Vec(ManifestBytes),
  });
  const ListStaged = IDL.Record({
    'after' : IDL.Opt(IDL.Nat32),
    'limit' : IDL.Nat32,
    'batch' : IDL.Vec(IDL.Nat8),
  });
  const StagedKeys = IDL.Record({
    'next' : IDL.Opt(IDL.Nat32),
    'items' : IDL.Vec(
      IDL.Record({
        'key' : IDL.Text,
        'deletes' : IDL.Bool,
        'root' : IDL.Vec(IDL.Nat8),
        'size' : IDL.Nat64,
      })
    ),
  });
  const ListUploads = IDL.Record({
    'key' : IDL.Opt(IDL.Text),
    'after' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'limit' : IDL.Nat32,
  });
  const Uploads = IDL.Record({
    'uploads' : IDL.Vec(Upload),
    'next' : IDL.Opt(IDL.Vec(IDL.Nat8)),
  });
  const OfferBlobs = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'to' : IDL.Principal,
    'owner' : IDL.Opt(IDL.Principal),
    'what' : Offered,
  });
  const OfferLink = IDL.Record({
    'as' : IDL.Opt(IDL.Principal),
    'id' : IDL.Vec(IDL.Nat8),
    'who' : IDL.Principal,
  });
  const Purge = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'key' : IDL.Text,
    'version' : Version,
  });
  const PutBlob = IDL.Record({
    'as' : IDL.Opt(ImportedAs),
    'id' : IDL.Vec(IDL.Nat8),
    'key' : IDL.Text,
    'precondition' : Precondition,
    'sha256' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'metadata' : Metadata,
    'root' : IDL.Vec(IDL.Nat8),
    'content_type' : IDL.Text,
    'visibility' : Visibility,
    'expires_at' : IDL.Opt(IDL.Nat64),
  });
  const PutMany = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'blobs' : IDL.Vec(PutItem),
  });
  const ManyResults = IDL.Record({
    'at' : IDL.Nat64,
    'results' : IDL.Vec(IDL.Variant({ 'ok' : Version, 'err' : Refusal })),
    'expires_at' : IDL.Opt(IDL.Vec(IDL.Opt(IDL.Nat64))),
  });
  const ReleaseLease = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'lease' : IDL.Vec(IDL.Nat8),
  });
  const RemoveOwned = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'after' : IDL.Opt(IDL.Text),
    'owner' : IDL.Opt(IDL.Principal),
    'rights' : IDL.Bool,
    'purge' : IDL.Bool,
  });
  const Removed = IDL.Record({
    'uploads' : IDL.Nat32,
    'next' : IDL.Opt(IDL.Text),
    'rights' : IDL.Nat32,
    'purged' : IDL.Nat32,
    'version' : Version,
    'blobs' : IDL.Nat32,
    'bytes' : IDL.Nat64,
    'refused' : IDL.Nat32,
  });
  const Restore = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'key' : IDL.Text,
    'precondition' : Precondition,
    'version' : Version,
  });
  const Reveal = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'batch' : IDL.Vec(IDL.Nat8),
  });
  const RevokeGrant = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'who' : IDL.Principal,
    'grant' : IDL.Vec(IDL.Nat8),
  });
  const SetExpiryRules = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'rules' : IDL.Vec(ExpiryRule),
  });
  const SetKeepDeleted = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'days' : IDL.Nat32,
  });
  const Mode = IDL.Variant({
    'live' : IDL.Null,
    'draining' : IDL.Null,
    'maintenance' : IDL.Null,
  });
  const SetMode = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'mode' : Mode,
    'generation' : IDL.Nat64,
  });
  const Status = IDL.Record({
    'protocol' : IDL.Nat32,
    'features' : IDL.Vec(IDL.Text),
    'http_prefix' : IDL.Opt(IDL.Text),
    'last' : Version,
    'mode' : IDL.Text,
    'keep_deleted_days' : IDL.Opt(IDL.Nat32),
    'generation' : IDL.Nat64,
  });
  const SetQuota = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'who' : IDL.Opt(IDL.Principal),
    'quota' : IDL.Opt(Quota),
  });
  const Stage = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'batch' : IDL.Vec(IDL.Nat8),
    'items' : IDL.Vec(
      IDL.Variant({
        'put' : PutItem,
        'delete' : DeleteItem,
        'commit' : CommitItem,
      })
    ),
  });
  const BatchName = IDL.Record({ 'batch' : IDL.Vec(IDL.Nat8) });
  const Stat = IDL.Record({
    'key' : IDL.Text,
    'min_version' : IDL.Opt(Version),
  });
  const StatAnswer = IDL.Record({
    'certificate' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'expired' : IDL.Opt(Expired),
    'last' : Version,
    'salt' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'witness' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'manifest' : IDL.Opt(ManifestBytes),
  });
  const Stats = IDL.Record({
    'feed_entries' : IDL.Nat64,
    'status' : Status,
    'sha256' : IDL.Text,
    'methods' : IDL.Vec(
      IDL.Record({
        'calls' : IDL.Nat64,
        'name' : IDL.Text,
        'instructions' : IDL.Nat64,
        'refused' : IDL.Nat64,
      })
    ),
    'cleaning' : IDL.Nat64,
    'read_only' : IDL.Bool,
    'kept' : IDL.Opt(IDL.Nat64),
    'refusals' : IDL.Vec(
      IDL.Record({ 'code' : IDL.Text, 'count' : IDL.Nat64 })
    ),
    'strangers_cycles_per_day' : IDL.Nat64,
    'cycles' : IDL.Nat64,
    'cost_schedule' : IDL.Text,
    'strangers_cycles_today' : IDL.Nat64,
    'days_left' : IDL.Nat64,
    'blobs' : IDL.Nat64,
    'storage_cycles_per_day' : IDL.Nat64,
    'bytes' : IDL.Nat64,
    'chunks' : IDL.Nat64,
    'stable_pages' : IDL.Opt(IDL.Nat64),
    'open_uploads' : IDL.Nat64,
    'certifying' : IDL.Nat64,
    'slots_free' : IDL.Nat64,
    'slots_made' : IDL.Nat64,
  });
  const TakeLease = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'life' : IDL.Nat64,
    'bytes' : IDL.Nat64,
  });
  const AnswerOffer = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'offer' : OfferName,
  });
  const Taken = IDL.Record({
    'done' : IDL.Bool,
    'version' : Version,
    'blobs' : IDL.Nat32,
    'bytes' : IDL.Nat64,
    'refused' : IDL.Nat32,
  });
  const Unstage = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'keys' : IDL.Vec(IDL.Text),
    'batch' : IDL.Vec(IDL.Nat8),
  });
  const Update = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'key' : IDL.Text,
    'precondition' : Precondition,
    'metadata' : IDL.Opt(Metadata),
    'content_type' : IDL.Opt(IDL.Text),
    'expiry' : IDL.Opt(Expiry),
    'visibility' : IDL.Opt(Visibility),
  });
  const UploadStatusRequest = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'from' : IDL.Nat32,
    'limit' : IDL.Nat32,
  });
  const UploadStatus = IDL.Record({
    'upload' : Upload,
    'leaves' : IDL.Vec(IDL.Nat8),
  });
  const HttpRequest = IDL.Record({
    'url' : IDL.Text,
    'method' : IDL.Text,
    'body' : IDL.Vec(IDL.Nat8),
    'headers' : IDL.Vec(IDL.Tuple(IDL.Text, IDL.Text)),
    'certificate_version' : IDL.Opt(IDL.Nat16),
  });
  const HttpResponse = IDL.Record({
    'body' : IDL.Vec(IDL.Nat8),
    'headers' : IDL.Vec(IDL.Tuple(IDL.Text, IDL.Text)),
    'upgrade' : IDL.Opt(IDL.Bool),
    'status_code' : IDL.Nat16,
  });
  return IDL.Service({
    'blobs_abort_any_upload' : IDL.Func(
        [UploadName],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_abort_upload' : IDL.Func(
        [IDL.Vec(IDL.Nat8)],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_accept_link' : IDL.Func(
        [AcceptLink],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_account' : IDL.Func(
        [IDL.Opt(IDL.Principal)],
        [IDL.Variant({ 'ok' : Account, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_batch' : IDL.Func(
        [Batch],
        [IDL.Variant({ 'ok' : BatchDone, 'err' : Refusal })],
        [],
      ),
    'blobs_begin_import' : IDL.Func(
        [ImportSwitch],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_begin_upload' : IDL.Func(
        [BeginUpload],
        [IDL.Variant({ 'ok' : Upload, 'err' : Refusal })],
        [],
      ),
    'blobs_changes' : IDL.Func(
        [ChangesRequest],
        [IDL.Variant({ 'ok' : Changes, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_commit_upload' : IDL.Func(
        [CommitUpload],
        [IDL.Variant({ 'ok' : ManifestBytes, 'err' : Refusal })],
        [],
      ),
    'blobs_copy' : IDL.Func(
        [Move],
        [IDL.Variant({ 'ok' : ManifestBytes, 'err' : Refusal })],
        [],
      ),
    'blobs_delete' : IDL.Func(
        [Delete],
        [IDL.Variant({ 'ok' : Deleted, 'err' : Refusal })],
        [],
      ),
    'blobs_delete_many' : IDL.Func(
        [DeleteMany],
        [IDL.Variant({ 'ok' : DeletedMany, 'err' : Refusal })],
        [],
      ),
    'blobs_drop_batch' : IDL.Func(
        [DropBatch],
        [IDL.Variant({ 'ok' : StagedBatch, 'err' : Refusal })],
        [],
      ),
    'blobs_end_import' : IDL.Func(
        [ImportSwitch],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_end_link' : IDL.Func(
        [EndLink],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_expiry_rules' : IDL.Func(
        [],
        [IDL.Variant({ 'ok' : ExpiryRules, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_extend_lease' : IDL.Func(
        [ExtendLease],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_get_chunk' : IDL.Func(
        [IDL.Text, Version, IDL.Nat32],
        [IDL.Variant({ 'ok' : IDL.Vec(IDL.Nat8), 'err' : Refusal })],
        ['query'],
      ),
    'blobs_give_grant' : IDL.Func(
        [GiveGrant],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_grant_role' : IDL.Func(
        [RoleChange],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_leaves' : IDL.Func(
        [Leaves],
        [IDL.Variant({ 'ok' : IDL.Vec(IDL.Nat8), 'err' : Refusal })],
        ['query'],
      ),
    'blobs_link_chunks' : IDL.Func(
        [LinkChunks],
        [IDL.Variant({ 'ok' : IDL.Vec(IDL.Nat8), 'err' : Refusal })],
        [],
      ),
    'blobs_list' : IDL.Func(
        [List],
        [IDL.Variant({ 'ok' : ListPage, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_list_accounts' : IDL.Func(
        [ListAccounts],
        [IDL.Variant({ 'ok' : Accounts, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_list_all_uploads' : IDL.Func(
        [ListAllUploads],
        [IDL.Variant({ 'ok' : AllUploads, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_list_batches' : IDL.Func(
        [],
        [IDL.Variant({ 'ok' : StagedBatches, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_list_deleted' : IDL.Func(
        [ListDeleted],
        [IDL.Variant({ 'ok' : DeletedBlobs, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_list_grants' : IDL.Func(
        [ListGrants],
        [IDL.Variant({ 'ok' : Grants, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_list_leased' : IDL.Func(
        [ListLeased],
        [IDL.Variant({ 'ok' : Leased, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_list_leases' : IDL.Func(
        [],
        [IDL.Variant({ 'ok' : Leases, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_list_links' : IDL.Func(
        [ListLinks],
        [IDL.Variant({ 'ok' : Links, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_list_offers' : IDL.Func(
        [ListOffers],
        [IDL.Variant({ 'ok' : Offers, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_list_owned' : IDL.Func(
        [ListOwned],
        [IDL.Variant({ 'ok' : Owned, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_list_staged' : IDL.Func(
        [ListStaged],
        [IDL.Variant({ 'ok' : StagedKeys, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_list_uploads' : IDL.Func(
        [ListUploads],
        [IDL.Variant({ 'ok' : Uploads, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_metrics' : IDL.Func(
        [],
        [IDL.Variant({ 'ok' : IDL.Text, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_offer' : IDL.Func(
        [OfferBlobs],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_offer_link' : IDL.Func(
        [OfferLink],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_purge' : IDL.Func(
        [Purge],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_put_blob' : IDL.Func(
        [PutBlob, IDL.Vec(IDL.Nat8)],
        [IDL.Variant({ 'ok' : ManifestBytes, 'err' : Refusal })],
        [],
      ),
    'blobs_put_chunk' : IDL.Func(
        [IDL.Vec(IDL.Nat8), IDL.Nat32, IDL.Vec(IDL.Nat8)],
        [IDL.Variant({ 'ok' : IDL.Vec(IDL.Nat8), 'err' : Refusal })],
        [],
      ),
    'blobs_put_many' : IDL.Func(
        [PutMany],
        [IDL.Variant({ 'ok' : ManyResults, 'err' : Refusal })],
        [],
      ),
    'blobs_release_lease' : IDL.Func(
        [ReleaseLease],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_remove_owned' : IDL.Func(
        [RemoveOwned],
        [IDL.Variant({ 'ok' : Removed, 'err' : Refusal })],
        [],
      ),
    'blobs_rename' : IDL.Func(
        [Move],
        [IDL.Variant({ 'ok' : ManifestBytes, 'err' : Refusal })],
        [],
      ),
    'blobs_restore' : IDL.Func(
        [Restore],
        [IDL.Variant({ 'ok' : ManifestBytes, 'err' : Refusal })],
        [],
      ),
    'blobs_reveal' : IDL.Func(
        [Reveal],
        [IDL.Variant({ 'ok' : StagedBatch, 'err' : Refusal })],
        [],
      ),
    'blobs_revoke_grant' : IDL.Func(
        [RevokeGrant],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_revoke_role' : IDL.Func(
        [RoleChange],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_set_expiry_rules' : IDL.Func(
        [SetExpiryRules],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_set_keep_deleted' : IDL.Func(
        [SetKeepDeleted],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_set_mode' : IDL.Func(
        [SetMode],
        [IDL.Variant({ 'ok' : Status, 'err' : Refusal })],
        [],
      ),
    'blobs_set_quota' : IDL.Func(
        [SetQuota],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_stage' : IDL.Func(
        [Stage],
        [IDL.Variant({ 'ok' : StagedBatch, 'err' : Refusal })],
        [],
      ),
    'blobs_staged_batch' : IDL.Func(
        [BatchName],
        [IDL.Variant({ 'ok' : StagedBatch, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_stat' : IDL.Func(
        [Stat],
        [IDL.Variant({ 'ok' : StatAnswer, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_stats' : IDL.Func(
        [],
        [IDL.Variant({ 'ok' : Stats, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_status' : IDL.Func(
        [],
        [IDL.Variant({ 'ok' : Status, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_take_lease' : IDL.Func(
        [TakeLease],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'blobs_take_offer' : IDL.Func(
        [AnswerOffer],
        [IDL.Variant({ 'ok' : Taken, 'err' : Refusal })],
        [],
      ),
    'blobs_unstage' : IDL.Func(
        [Unstage],
        [IDL.Variant({ 'ok' : StagedBatch, 'err' : Refusal })],
        [],
      ),
    'blobs_update' : IDL.Func(
        [Update],
        [IDL.Variant({ 'ok' : ManifestBytes, 'err' : Refusal })],
        [],
      ),
    'blobs_upload_status' : IDL.Func(
        [UploadStatusRequest],
        [IDL.Variant({ 'ok' : UploadStatus, 'err' : Refusal })],
        ['query'],
      ),
    'blobs_withdraw_offer' : IDL.Func(
        [AnswerOffer],
        [IDL.Variant({ 'ok' : Version, 'err' : Refusal })],
        [],
      ),
    'http_request' : IDL.Func([HttpRequest], [HttpResponse], ['query']),
  });
};
