import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `vite` sends API and socket traffic while developing; the built app is served by the server itself. */
const server = process.env.SERVER_URL ?? 'http://127.0.0.1:3000';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  server: {
    host: '127.0.0.1',
    // The contract lives beside the web folder, in server/contract.
    fs: { allow: ['..'] },
    proxy: {
      '/api': { target: server },
      '/socket.io': { target: server, ws: true },
    },
  },
  // What runs in the audio thread is a module, as `addModule` wants it.
  worker: { format: 'es' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // One chunk for what every page needs; each page adds its own.
    chunkSizeWarningLimit: 900,
  },
});
