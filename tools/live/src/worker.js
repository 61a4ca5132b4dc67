// The painter in a worker, so that the page never waits. It answers messages {id, kind, ...} with {id, ...} or {id, error}.
import * as tf from '@tensorflow/tfjs-core';
import { start, whenLost } from './backends.js';
import { Painter } from './painter.js';
import { toBytes } from './pixels.js';
import { readWeights } from './weights.js';

let painter;
let stopped = 0; // the number of the last job that nobody waits for any more
const bell = new MessageChannel();

/** Let messages in between two layers, which on a processor take a while, and stop a job that is not wanted. */
function pauseOf(id) {
  if (tf.getBackend() === 'webgl') return async () => {};
  return async () => {
    await new Promise((resolve) => {
      bell.port1.onmessage = resolve;
      bell.port2.postMessage(0);
    });
    if (id <= stopped) throw new Error('stopped');
  };
}

const handlers = {
  /** Start a backend, upload the network and see how fast it paints a trial job. */
  async start({ backend, anyway, table, buffer, encoder, trial }) {
    const renderer = await start(backend, anyway);
    whenLost(() => postMessage({ kind: 'lost' }));
    painter = new Painter(readWeights(table, buffer), encoder);
    const seconds = async (size) => {
      const before = performance.now();
      await painter.pass(new Float32Array(3 * size.height * size.width).fill(0.5), size.height, size.width, trial.code);
      return performance.now() - before;
    };
    await seconds(backend === 'webgl' ? trial : { height: 32, width: 32 }); // compiles the shaders, warms the caches
    return { milliseconds: await seconds(trial), renderer };
  },

  style(style) {
    painter.addStyle(style);
    return {};
  },

  async paint(job) {
    const before = performance.now();
    const values = await painter.paint(job, pauseOf(job.id));
    const pixels = toBytes(values);
    return { pixels, height: job.height, width: job.width, milliseconds: performance.now() - before };
  },
};

let queue = Promise.resolve(); // one job at a time, in the order they came
self.onmessage = ({ data }) => {
  if (data.kind === 'stop') {
    stopped = data.id;
    return;
  }
  queue = queue.then(async () => {
    try {
      const answer = await handlers[data.kind](data);
      postMessage({ id: data.id, ...answer }, answer.pixels ? [answer.pixels.buffer] : []);
    } catch (error) {
      postMessage({ id: data.id, error: String(error?.message ?? error) });
    }
  });
};
