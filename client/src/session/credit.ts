import { MESSAGE_OVERHEAD } from '../communicators/communicator.ts';

/**
 * Up to this size a message is *small*: it travels whole, in lane 0, where it never waits behind a large one; and an eighth of the inbox is kept for such.
 * Half of the smallest packet a link may have, so that two always fit.
 */
export const SMALL_BYTES = 8 * 1024;

/** The part of the inbox that large messages leave to small ones. */
const SMALL_SHARE = 1 / 8;

/**
 * What a message takes of the recipient's inbox while it is unread. Never more than half of it and a little, so that a message larger than the inbox can pass too, but only one
 * such at a time: what lies unread is at most the inbox and one message.
 */
export function chargeOf(bytes: number, inboxLimit: number): number {
  return Math.min(bytes + MESSAGE_OVERHEAD, Math.floor(inboxLimit / 2) + 1);
}

/** Whether a message may begin while others lie unread. */
export function fits(bytes: number, unread: number, inboxLimit: number): boolean {
  if (unread === 0) return true;
  const share = bytes <= SMALL_BYTES ? inboxLimit : Math.floor(inboxLimit * (1 - SMALL_SHARE));
  return unread + chargeOf(bytes, inboxLimit) <= share;
}

/** What takes no room waits for no room, but no more of it than this part of the inbox is under way at once: the recipient refuses what is too much, and has to be able to say so in time. */
const EXEMPT_SHARE = 1 / 4;

/** Whether a message that takes no room may begin while others like it are under way. */
export function fitsExempt(bytes: number, underWay: number, inboxLimit: number): boolean {
  return underWay === 0 || underWay + chargeOf(bytes, inboxLimit) <= inboxLimit * EXEMPT_SHARE;
}

/** How far the sender's knowledge of what was consumed may lag behind. */
export function tellEvery(inboxLimit: number): number {
  return inboxLimit / 16;
}

/**
 * From this much unread on, somebody who waits for a queue asks for it by name. Below it nothing can be blocked: the sender believes at most
 * 1/8 + 1/16 of the inbox to be unread, a message takes at most 1/2, and 7/8 are open to all.
 */
export function crowded(unread: number, inboxLimit: number): boolean {
  return unread > inboxLimit / 8;
}
