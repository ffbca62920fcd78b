import { describe, expect, it } from 'vitest';
import { LinkChoice } from './link-choice.ts';

const key = { key: '0'.repeat(32) };
const offer = { type: 'offer', sdp: '' };

/** A choice, and what it does with whom. */
function choosing(role: 'initiator' | 'responder') {
  const done: unknown[] = [];
  const choice = new LinkChoice(
    role,
    (way) => {
      done.push(way);
      return { negotiate: (data) => done.push(data), close: () => done.push('closed') };
    },
    ({ message }) => done.push(message),
  );
  return { choice, done };
}

describe('the choice of a link', () => {
  it('is made by the initiator when it knows, and all that is said then goes by', () => {
    const { choice, done } = choosing('initiator');
    choice.choose('rtc');
    choice.negotiate('answer');
    choice.close();
    expect(done).toEqual(['rtc', 'answer', 'closed']);
  });

  it('comes to nothing when the attempt is given up before the browser has answered', async () => {
    const { choice, done } = choosing('initiator');
    choice.close();
    choice.choose('local');
    choice.negotiate(offer);
    choice.close();
    await Promise.resolve();
    expect(done).toEqual([]);
  });

  it('fails, once and later, when the initiator is answered before it has said anything', async () => {
    const { choice, done } = choosing('initiator');
    choice.negotiate(offer);
    choice.negotiate(offer);
    choice.choose('local');
    expect(done).toEqual([]);
    await Promise.resolve();
    expect(done).toEqual(['the other end answers what nobody has said']);
  });

  it('does not fail any more when it is given up before that is told', async () => {
    const { choice, done } = choosing('initiator');
    choice.negotiate(offer);
    choice.close();
    await Promise.resolve();
    expect(done).toEqual([]);
  });

  it.each([
    ['local', 'a key', key],
    ['rtc', 'an offer', offer],
    ['rtc', 'a list', [1]],
    ['rtc', 'a text', 'key'],
    ['rtc', 'nothing', null],
  ])('is made for the responder, %s, by %s', (way, _, data) => {
    const { choice, done } = choosing('responder');
    choice.negotiate(data);
    choice.negotiate(offer);
    choice.negotiate(key);
    expect(done).toEqual([way, data, offer, key]);
  });

  it('is not made for a responder that has given up', () => {
    const { choice, done } = choosing('responder');
    choice.close();
    choice.negotiate(key);
    expect(done).toEqual([]);
  });
});
