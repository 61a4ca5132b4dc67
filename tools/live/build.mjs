// Bundles src/worker.js; tools/build_live.py calls it: node build.mjs OUT.js
import { build } from 'esbuild';

// The threaded build of WebAssembly needs headers that a file on a disk cannot send; it stays out.
const withoutThreads = {
  name: 'without-threads',
  setup(bundler) {
    bundler.onLoad({ filter: /threaded-simd(\.worker)?\.js$/ }, () => ({
      contents: 'export default null; export const wasmWorkerContents = "";',
    }));
  },
};

const result = await build({
  entryPoints: [new URL('src/worker.js', import.meta.url).pathname],
  outfile: process.argv[2],
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  charset: 'ascii',
  legalComments: 'none', // LICENCES.txt says it all
  loader: { '.wasm': 'binary' },
  plugins: [withoutThreads],
  metafile: true,
  logLevel: 'warning',
});
if (process.argv.includes('--sizes')) {
  const [out] = Object.values(result.metafile.outputs);
  const sizes = Object.entries(out.inputs).map(([name, { bytesInOutput }]) => [bytesInOutput, name]);
  for (const [bytes, name] of sizes.sort((a, b) => b[0] - a[0]).slice(0, 25)) console.log(bytes, name);
}
