import { signToken } from 'peerpool/server';

// GET /token?room=…&name=…, behind your own login
const token = await signToken({
  secret: process.env['PEERPOOL_AUTH_SECRET'] ?? '',
  room: 'sums',
  name: 'alice',
  expiresIn: 300,
});

export {};
