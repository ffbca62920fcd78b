import { expect, it } from 'vitest';
import { roomName } from '#shared/identifiers';
import { Audiences, type Listener } from './audiences.ts';
import type { Change } from './rooms/rooms.ts';

it('each audience hears of its room, for as long as it listens', () => {
  const heard: string[] = [];
  const listener = (who: string): Listener => ({ heard: (version) => heard.push(`${who} ${version}`) });
  const [alice, bob, carol] = [listener('alice'), listener('bob'), listener('carol')];
  const audiences = new Audiences();
  const [sums, chat] = [roomName('sums'), roomName('chat')];
  const change: Change = { type: 'joined', member: { name: 'dave', instance: 'dave-1' } };
  audiences.add(sums, alice);
  audiences.add(sums, bob);
  audiences.add(chat, carol);
  audiences.tell(sums, 1, change);
  audiences.tell(chat, 2, change);
  audiences.remove(sums, alice);
  audiences.remove(chat, carol);
  audiences.remove(chat, carol);
  audiences.tell(sums, 3, change);
  audiences.tell(chat, 4, change);
  expect(heard).toEqual(['alice 1', 'bob 1', 'carol 2', 'bob 3']);
});
