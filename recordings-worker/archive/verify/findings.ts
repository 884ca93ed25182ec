/**
 * What can be wrong with an archive.
 *   object-missing, -size, -altered, -unknown   a file against its signed checksums; unknown: no document names it
 *   manifest-missing                            a folder without a signed beginning
 *   document-unsigned, -altered, -key           a document that carries no signature, a wrong one, or one by a stranger
 *   document-missing, -misplaced                a link of the chain is gone, or belongs elsewhere
 *   key-altered, key-unknown                    a public key beside the archive
 *   deletion-unfinished                         objects that lie beside a tombstone, or were withdrawn
 *   recording-missing, -unknown, tombstone-missing, database-differs   against the database dump
 */
export type FindingKind =
  | 'object-missing'
  | 'object-size'
  | 'object-altered'
  | 'object-unknown'
  | 'manifest-missing'
  | 'document-unsigned'
  | 'document-altered'
  | 'document-key'
  | 'document-missing'
  | 'document-misplaced'
  | 'key-altered'
  | 'key-unknown'
  | 'deletion-unfinished'
  | 'recording-missing'
  | 'recording-unknown'
  | 'tombstone-missing'
  | 'database-differs';

export interface Finding {
  readonly kind: FindingKind;
  /** The object's, or the folder's. */
  readonly key: string;
  readonly detail: string;
}
