import { defineConfig } from 'vite';
import { peerpool } from 'peerpool/vite';

export default defineConfig({
  plugins: [peerpool()],
  build: { target: 'es2022', rolldownOptions: { input: ['index.html', 'react.html'] } },
});
