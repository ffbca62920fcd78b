import { createServer } from 'node:http';
import { attachSignaling } from 'peerpool/server';

const server = createServer();
attachSignaling(server, {
  ice: {
    stun: ['stun:turn.example.org'],
    turn: {
      urls: ['turn:turn.example.org', 'turns:turn.example.org:443?transport=tcp'], // where UDP is blocked, the second gets through
      secret: process.env['TURN_SECRET'] ?? '',
      ttl: 3600, // seconds
    },
  },
});

export {};
