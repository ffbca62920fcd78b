import { createHmac } from 'node:crypto';

/** Characters of base64url: 96 bits, so that two members do not share one by chance. */
const USER_CHARACTERS = 16;

export interface TurnCredential {
  readonly username: string;
  readonly credential: string;
}

/**
 * A credential that a TURN server can check by itself: draft-uberti-behave-turn-rest-00, section 2.2. `expires`: in
 * seconds since 1970.
 */
export function turnCredential(secret: string, user: string, expires: number): TurnCredential {
  const username = `${expires}:${user}`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}

/**
 * Whom a TURN server writes into its log, and counts by where it has quotas. Of names nothing can be read there, nor be
 * tried out without the secret.
 */
export function turnUser(secret: string, room: string, name: string): string {
  const digest = createHmac('sha256', secret).update(JSON.stringify(['peerpool turn user', room, name]));
  return digest.digest('base64url').slice(0, USER_CHARACTERS);
}
