import { PoolError } from '../errors.ts';

/** The part of a Standard Schema (version 1, https://standardschema.dev) that is used here. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    /** Returns what is valid, or what is wrong with it; may be asynchronous. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Makes of what arrived what is expected, or throws. May be asynchronous. */
export type Parse<Value> = ((value: unknown) => Value | Promise<Value>) | StandardSchema<Value>;

/** @throws TypeError for what is neither a function nor a Standard Schema */
export function checkParse<Value>(parse: Parse<Value> | undefined): Parse<Value> | undefined {
  if (parse === undefined || typeof parse === 'function') return parse;
  if (isSchema(parse)) return parse;
  throw new TypeError('parse is a function or a Standard Schema');
}

/**
 * Runs in a turn of its own, never within the delivery of a message.
 * @throws PoolError `malformed`, with what the parser threw as its cause
 */
export async function parsed<Value>(
  parse: Parse<Value>,
  value: unknown,
  peer: string,
  msgId: string | undefined,
): Promise<Value> {
  await Promise.resolve();
  let why: { readonly detail: string; readonly path?: string; readonly cause: unknown };
  try {
    if (typeof parse === 'function') return await parse(value);
    const result = await parse['~standard'].validate(value);
    if (result.issues === undefined) return result.value;
    const [issue] = result.issues;
    why = { detail: issue?.message ?? 'refused by the schema', path: issuePath(issue), cause: result.issues };
  } catch (cause) {
    why = { detail: cause instanceof Error ? cause.message : String(cause), cause };
  }
  throw new PoolError('malformed', `what ${peer} sent does not parse: ${why.detail}`, {
    peer,
    msgId,
    path: why.path,
    cause: why.cause,
  });
}

function isSchema(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('~standard' in value)) return false;
  const standard = value['~standard'];
  return (
    typeof standard === 'object' &&
    standard !== null &&
    'validate' in standard &&
    typeof standard.validate === 'function'
  );
}

function issuePath(issue: SchemaIssue | undefined): string {
  const keys = (issue?.path ?? []).map((key) => (typeof key === 'object' ? key.key : key));
  return ['$', ...keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))].join('');
}
