// The painter in a worker, so that the page never waits. It answers messages {id, kind, ...} with {id, ...} or {id, error}.
import * as tf from '@tensorflow/tfjs-core';
import { start, whenLost } from './backends.js';
import { mix, styleCode } from './style.js';
import { Transformer } from './transformer.js';
import { readWeights } from './weights.js';

let weights, encoder, encoderLayers, transformer;
let inUse = ''; // the code that the transformer has, as text

const handlers = {
  /** Start a backend, upload the network and paint once: {backend, anyway, table, buffer, encoder} -> {milliseconds, renderer}. */
  async start({ backend, anyway, table, buffer, encoder: given, trial }) {
    const renderer = await start(backend, anyway);
    whenLost(() => postMessage({ kind: 'lost' }));
    weights = readWeights(table, buffer);
    encoder = given;
    transformer = new Transformer(weights);
    if (backend === 'webgl') await paint(trial); // compiles the shaders
    const before = performance.now();
    await paint(trial);
    return { milliseconds: performance.now() - before, renderer };
  },

  /** The code of a style picture: {pixels, height, width} -> {code}. */
  async code({ pixels, height, width }) {
    encoderLayers ??= encoder.layers.map((name) => ({
      name,
      kernel: tf.tensor4d(weights[`${name}/kernel`].values, weights[`${name}/kernel`].shape),
      bias: tf.tensor1d(weights[`${name}/bias`].values),
    }));
    return { code: await styleCode(fromBytes(pixels), height, width, encoderLayers, encoder, weights) };
  },

  /** A painting: {pixels, height, width, codes, shares} -> {pixels, milliseconds}. */
  async paint(job) {
    const before = performance.now();
    const pixels = await paint(job);
    return { pixels, height: job.height, width: job.width, milliseconds: performance.now() - before };
  },
};

/** RGBA bytes of a job's painting. */
async function paint({ pixels, height, width, codes, shares }) {
  const wanted = JSON.stringify([codes, shares]);
  if (wanted !== inUse) transformer.use(mix(codes, shares));
  inUse = wanted;
  const painted = tf.tidy(() => transformer.paint(tf.tensor4d(fromBytes(pixels), [1, height, width, 3])));
  const values = await painted.data();
  painted.dispose();
  return toBytes(values);
}

/** RGBA bytes -> RGB in [0, 1]. */
function fromBytes(bytes) {
  const values = new Float32Array((bytes.length / 4) * 3);
  for (let i = 0, k = 0; i < bytes.length; i += 4)
    for (let c = 0; c < 3; c++) values[k++] = bytes[i + c] / 255;
  return values;
}

function toBytes(values) {
  const bytes = new Uint8ClampedArray((values.length / 3) * 4).fill(255); // rounds and clips
  for (let i = 0, k = 0; k < values.length; i += 4)
    for (let c = 0; c < 3; c++) bytes[i + c] = values[k++] * 255;
  return bytes;
}

let queue = Promise.resolve(); // one job at a time, in the order they came
self.onmessage = ({ data }) => {
  queue = queue.then(async () => {
    try {
      const answer = await handlers[data.kind](data);
      postMessage({ id: data.id, ...answer }, answer.pixels ? [answer.pixels.buffer] : []);
    } catch (error) {
      postMessage({ id: data.id, error: String(error?.message ?? error) });
    }
  });
};
