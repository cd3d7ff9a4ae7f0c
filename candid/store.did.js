// The interface of a blob store. Made from src/protocol by scripts/candid.mjs: change it there.
export const idlFactory = ({ IDL }) => {
  const UploadName = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'owner' : IDL.Principal,
  });
  const Error = IDL.Variant({
    'upload_finished' : IDL.Record({ 'outcome' : IDL.Text }),
    'malformed' : IDL.Record({ 'reason' : IDL.Text }),
    'low_cycles' : IDL.Record({ 'missing' : IDL.Nat64 }),
    'precondition_failed' : IDL.Record({ 'sequence' : IDL.Nat64 }),
    'mode_changed' : IDL.Record({ 'generation' : IDL.Nat64 }),
    'no_room' : IDL.Record({ 'missing' : IDL.Nat64 }),
    'root_mismatch' : IDL.Record({ 'stored' : IDL.Vec(IDL.Nat8) }),
    'blob_replaced' : IDL.Record({ 'sequence' : IDL.Nat64 }),
    'blob_not_found' : IDL.Record({}),
    'anonymous' : IDL.Record({}),
    'upload_not_found' : IDL.Record({}),
    'upload_conflict' : IDL.Record({ 'field' : IDL.Text }),
    'behind' : IDL.Record({ 'sequence' : IDL.Nat64 }),
    'missing_chunks' : IDL.Record({ 'first' : IDL.Nat32, 'count' : IDL.Nat32 }),
    'chunk_out_of_range' : IDL.Record({
      'count' : IDL.Nat64,
      'index' : IDL.Nat64,
    }),
    'cursor_unknown' : IDL.Record({ 'sequence' : IDL.Nat64 }),
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
  const Quota = IDL.Record({
    'received_per_day' : IDL.Nat64,
    'blobs' : IDL.Nat64,
    'bytes' : IDL.Nat64,
    'open_uploads' : IDL.Nat32,
  });
  const Usage = IDL.Record({
    'received_today' : IDL.Nat64,
    'blobs' : IDL.Nat64,
    'bytes' : IDL.Nat64,
    'open_uploads' : IDL.Nat32,
  });
  const Role = IDL.Variant({
    'admin' : IDL.Null,
    'backup' : IDL.Null,
    'writer' : IDL.Null,
    'reader' : IDL.Null,
  });
  const Account = IDL.Record({
    'who' : IDL.Principal,
    'quota' : Quota,
    'usage' : Usage,
    'has_own_quota' : IDL.Bool,
    'roles' : IDL.Vec(Role),
  });
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
    'after' : IDL.Opt(Cursor),
    'limit' : IDL.Nat32,
    'min_sequence' : IDL.Opt(IDL.Nat64),
  });
  const Mode = IDL.Variant({
    'live' : IDL.Null,
    'draining' : IDL.Null,
    'maintenance' : IDL.Null,
  });
  const Metadata = IDL.Vec(IDL.Tuple(IDL.Text, IDL.Text));
  const Visibility = IDL.Variant({ 'public' : IDL.Null, 'private' : IDL.Null });
  const Manifest = IDL.Record({
    'key' : IDL.Text,
    'modified_at' : IDL.Nat64,
    'sha256' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'owner' : IDL.Principal,
    'metadata' : Metadata,
    'root' : IDL.Vec(IDL.Nat8),
    'size' : IDL.Nat64,
    'content_type' : IDL.Text,
    'created_at' : IDL.Nat64,
    'visibility' : Visibility,
    'chunk_size' : IDL.Nat32,
    'sequence' : IDL.Nat64,
  });
  const Change = IDL.Record({
    'at' : IDL.Nat64,
    'by' : IDL.Principal,
    'change' : IDL.Variant({
      'deleted' : IDL.Record({ 'key' : IDL.Text, 'version' : IDL.Nat64 }),
      'mode' : IDL.Record({ 'mode' : Mode, 'generation' : IDL.Nat64 }),
      'published' : Manifest,
      'role' : IDL.Record({
        'who' : IDL.Principal,
        'role' : Role,
        'granted' : IDL.Bool,
      }),
      'quota' : IDL.Record({
        'who' : IDL.Opt(IDL.Principal),
        'quota' : IDL.Opt(Quota),
      }),
    }),
    'sequence' : IDL.Nat64,
  });
  const Changes = IDL.Record({
    'certificate' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'last' : Cursor,
    'witness' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'before' : Cursor,
    'changes' : IDL.Vec(Change),
  });
  const Precondition = IDL.Variant({
    'none' : IDL.Null,
    'absent' : IDL.Null,
    'sequence' : IDL.Nat64,
  });
  const CommitUpload = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'precondition' : Precondition,
    'sha256' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'metadata' : Metadata,
    'root' : IDL.Vec(IDL.Nat8),
    'size' : IDL.Nat64,
    'content_type' : IDL.Text,
    'visibility' : Visibility,
  });
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
  const Deleted = IDL.Record({ 'deleted' : IDL.Bool, 'sequence' : IDL.Nat64 });
  const DeleteMany = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'blobs' : IDL.Vec(
      IDL.Record({ 'key' : IDL.Text, 'precondition' : Precondition })
    ),
  });
  const ManyResults = IDL.Record({
    'at' : IDL.Nat64,
    'results' : IDL.Vec(IDL.Variant({ 'ok' : IDL.Nat64, 'err' : Error })),
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
    'sequence' : IDL.Nat64,
  });
  const LinkChunks = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'from' : IDL.Nat32,
    'leaves' : IDL.Vec(IDL.Nat8),
  });
  const List = IDL.Record({
    'after' : IDL.Opt(IDL.Text),
    'recursive' : IDL.Bool,
    'limit' : IDL.Nat32,
    'min_sequence' : IDL.Opt(IDL.Nat64),
    'prefix' : IDL.Text,
  });
  const ListPage = IDL.Record({
    'next' : IDL.Opt(IDL.Text),
    'entries' : IDL.Vec(
      IDL.Variant({ 'directory' : IDL.Text, 'blob' : Manifest })
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
  const ListUploads = IDL.Record({
    'key' : IDL.Opt(IDL.Text),
    'after' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'limit' : IDL.Nat32,
  });
  const Uploads = IDL.Record({
    'uploads' : IDL.Vec(Upload),
    'next' : IDL.Opt(IDL.Vec(IDL.Nat8)),
  });
  const PutBlob = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'key' : IDL.Text,
    'precondition' : Precondition,
    'sha256' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'metadata' : Metadata,
    'root' : IDL.Vec(IDL.Nat8),
    'content_type' : IDL.Text,
    'visibility' : Visibility,
  });
  const PutMany = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'blobs' : IDL.Vec(
      IDL.Record({
        'key' : IDL.Text,
        'precondition' : Precondition,
        'content' : IDL.Vec(IDL.Nat8),
        'sha256' : IDL.Opt(IDL.Vec(IDL.Nat8)),
        'metadata' : IDL.Vec(IDL.Tuple(IDL.Text, IDL.Text)),
        'root' : IDL.Vec(IDL.Nat8),
        'content_type' : IDL.Text,
        'visibility' : Visibility,
      })
    ),
  });
  const SetMode = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'mode' : Mode,
    'generation' : IDL.Nat64,
  });
  const Status = IDL.Record({
    'mode' : Mode,
    'generation' : IDL.Nat64,
    'sequence' : IDL.Nat64,
  });
  const SetQuota = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'who' : IDL.Opt(IDL.Principal),
    'quota' : IDL.Opt(Quota),
  });
  const Stat = IDL.Record({
    'key' : IDL.Text,
    'min_sequence' : IDL.Opt(IDL.Nat64),
  });
  const StatAnswer = IDL.Record({
    'certificate' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'salt' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'witness' : IDL.Opt(IDL.Vec(IDL.Nat8)),
    'manifest' : IDL.Opt(Manifest),
    'sequence' : IDL.Nat64,
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
    'refusals' : IDL.Vec(
      IDL.Record({ 'code' : IDL.Text, 'count' : IDL.Nat64 })
    ),
    'cycles' : IDL.Nat64,
    'cost_schedule' : IDL.Text,
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
  const Update = IDL.Record({
    'id' : IDL.Vec(IDL.Nat8),
    'key' : IDL.Text,
    'precondition' : Precondition,
    'metadata' : IDL.Opt(Metadata),
    'content_type' : IDL.Opt(IDL.Text),
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
  return IDL.Service({
    'blobs_abort_any_upload' : IDL.Func(
        [UploadName],
        [
          IDL.Variant({
            'ok' : IDL.Record({ 'sequence' : IDL.Nat64 }),
            'err' : Error,
          }),
        ],
        [],
      ),
    'blobs_abort_upload' : IDL.Func(
        [IDL.Vec(IDL.Nat8)],
        [
          IDL.Variant({
            'ok' : IDL.Record({ 'sequence' : IDL.Nat64 }),
            'err' : Error,
          }),
        ],
        [],
      ),
    'blobs_account' : IDL.Func(
        [IDL.Opt(IDL.Principal)],
        [IDL.Variant({ 'ok' : Account, 'err' : Error })],
        ['query'],
      ),
    'blobs_begin_upload' : IDL.Func(
        [BeginUpload],
        [IDL.Variant({ 'ok' : Upload, 'err' : Error })],
        [],
      ),
    'blobs_changes' : IDL.Func(
        [ChangesRequest],
        [IDL.Variant({ 'ok' : Changes, 'err' : Error })],
        ['query'],
      ),
    'blobs_commit_upload' : IDL.Func(
        [CommitUpload],
        [IDL.Variant({ 'ok' : Manifest, 'err' : Error })],
        [],
      ),
    'blobs_copy' : IDL.Func(
        [Move],
        [IDL.Variant({ 'ok' : Manifest, 'err' : Error })],
        [],
      ),
    'blobs_delete' : IDL.Func(
        [Delete],
        [IDL.Variant({ 'ok' : Deleted, 'err' : Error })],
        [],
      ),
    'blobs_delete_many' : IDL.Func(
        [DeleteMany],
        [IDL.Variant({ 'ok' : ManyResults, 'err' : Error })],
        [],
      ),
    'blobs_get_chunk' : IDL.Func(
        [IDL.Text, IDL.Nat64, IDL.Nat32],
        [IDL.Variant({ 'ok' : IDL.Vec(IDL.Nat8), 'err' : Error })],
        ['query'],
      ),
    'blobs_grant_role' : IDL.Func(
        [RoleChange],
        [
          IDL.Variant({
            'ok' : IDL.Record({ 'sequence' : IDL.Nat64 }),
            'err' : Error,
          }),
        ],
        [],
      ),
    'blobs_leaves' : IDL.Func(
        [Leaves],
        [IDL.Variant({ 'ok' : IDL.Vec(IDL.Nat8), 'err' : Error })],
        ['query'],
      ),
    'blobs_link_chunks' : IDL.Func(
        [LinkChunks],
        [IDL.Variant({ 'ok' : IDL.Vec(IDL.Nat8), 'err' : Error })],
        [],
      ),
    'blobs_list' : IDL.Func(
        [List],
        [IDL.Variant({ 'ok' : ListPage, 'err' : Error })],
        ['query'],
      ),
    'blobs_list_accounts' : IDL.Func(
        [ListAccounts],
        [IDL.Variant({ 'ok' : Accounts, 'err' : Error })],
        ['query'],
      ),
    'blobs_list_all_uploads' : IDL.Func(
        [ListAllUploads],
        [IDL.Variant({ 'ok' : AllUploads, 'err' : Error })],
        ['query'],
      ),
    'blobs_list_uploads' : IDL.Func(
        [ListUploads],
        [IDL.Variant({ 'ok' : Uploads, 'err' : Error })],
        ['query'],
      ),
    'blobs_metrics' : IDL.Func(
        [],
        [IDL.Variant({ 'ok' : IDL.Text, 'err' : Error })],
        ['query'],
      ),
    'blobs_put_blob' : IDL.Func(
        [PutBlob, IDL.Vec(IDL.Nat8)],
        [IDL.Variant({ 'ok' : Manifest, 'err' : Error })],
        [],
      ),
    'blobs_put_chunk' : IDL.Func(
        [IDL.Vec(IDL.Nat8), IDL.Nat32, IDL.Vec(IDL.Nat8)],
        [IDL.Variant({ 'ok' : IDL.Vec(IDL.Nat8), 'err' : Error })],
        [],
      ),
    'blobs_put_many' : IDL.Func(
        [PutMany],
        [IDL.Variant({ 'ok' : ManyResults, 'err' : Error })],
        [],
      ),
    'blobs_rename' : IDL.Func(
        [Move],
        [IDL.Variant({ 'ok' : Manifest, 'err' : Error })],
        [],
      ),
    'blobs_revoke_role' : IDL.Func(
        [RoleChange],
        [
          IDL.Variant({
            'ok' : IDL.Record({ 'sequence' : IDL.Nat64 }),
            'err' : Error,
          }),
        ],
        [],
      ),
    'blobs_set_mode' : IDL.Func(
        [SetMode],
        [IDL.Variant({ 'ok' : Status, 'err' : Error })],
        [],
      ),
    'blobs_set_quota' : IDL.Func(
        [SetQuota],
        [
          IDL.Variant({
            'ok' : IDL.Record({ 'sequence' : IDL.Nat64 }),
            'err' : Error,
          }),
        ],
        [],
      ),
    'blobs_stat' : IDL.Func(
        [Stat],
        [IDL.Variant({ 'ok' : StatAnswer, 'err' : Error })],
        ['query'],
      ),
    'blobs_stats' : IDL.Func(
        [],
        [IDL.Variant({ 'ok' : Stats, 'err' : Error })],
        ['query'],
      ),
    'blobs_status' : IDL.Func(
        [],
        [IDL.Variant({ 'ok' : Status, 'err' : Error })],
        ['query'],
      ),
    'blobs_update' : IDL.Func(
        [Update],
        [IDL.Variant({ 'ok' : Manifest, 'err' : Error })],
        [],
      ),
    'blobs_upload_status' : IDL.Func(
        [UploadStatusRequest],
        [IDL.Variant({ 'ok' : UploadStatus, 'err' : Error })],
        ['query'],
      ),
  });
};
