// vite.config.ts
import { defineConfig } from 'vite';
import { peerpool } from 'peerpool/vite';

export default defineConfig({ plugins: [peerpool()] });

export {};
