// From a style picture to its code, and from a code to what it sets in the transformer: the style predictor of
// Ghiasi et al. 2017 (arXiv:1705.06830). The convolutions run on the backend, the small dense layers here.
import * as tf from '@tensorflow/tfjs-core';
import { pixelMoments, root } from './colours.js';

/**
 * Means and standard deviations of the embedded network's features.
 * @param {tf.Tensor4D} image (1, H, W, 3), RGB in [0, 1].
 * @param {Array<{name: string, kernel: tf.Tensor4D, bias: tf.Tensor1D}>} layers In order.
 * @param {{mean: number[], deviation: number, read: string[]}} encoder What it expects, and which layers are read.
 * @returns {tf.Tensor1D[]} For each layer that is read its means, then its standard deviations.
 */
function featureMoments(image, layers, encoder) {
  const moments = [];
  let x = tf.div(tf.sub(tf.mul(image, 255), tf.tensor1d(encoder.mean)), encoder.deviation);
  let block = layers[0].name[5];
  for (const { name, kernel, bias } of layers) {
    if (name[5] !== block) x = tf.avgPool(x, 2, 2, 'valid');
    block = name[5];
    x = tf.fused.conv2d({ x, filter: kernel, strides: 1, pad: 'same', bias, activation: 'relu' });
    if (!encoder.read.includes(name)) continue;
    const mean = tf.mean(x, [1, 2], true);
    const variance = tf.mean(tf.squaredDifference(x, mean), [1, 2]);
    moments.push(tf.reshape(mean, [-1]), tf.reshape(tf.sqrt(variance), [-1]));
  }
  return moments;
}

/** y = x W + b, with W of (inputs, outputs). */
export function dense(x, kernel, bias) {
  const outputs = bias.shape[0];
  const y = Float32Array.from(bias.values);
  for (let i = 0; i < x.length; i++) {
    const row = i * outputs;
    for (let o = 0; o < outputs; o++) y[o] += x[i] * kernel.values[row + o];
  }
  return y;
}

/**
 * What the network knows of a style picture.
 * @param {Float32Array} pixels RGB in [0, 1].
 * @returns {Promise<{vector: number[], mean: number[], root: number[]}>}
 */
export async function styleCode(pixels, height, width, layers, encoder, weights) {
  const moments = tf.tidy(() => tf.concat(featureMoments(tf.tensor4d(pixels, [1, height, width, 3]), layers, encoder)));
  const features = await moments.data();
  moments.dispose();
  const { mean, covariance } = pixelMoments(pixels);
  const colours = root(covariance);
  const statistics = [
    ...Array.from(features, (value) => Math.log1p(value)),
    ...mean.map((value) => 4 * value),
    ...colours.map((value) => 8 * value),
  ];
  const centre = weights['statistics/mean'].values;
  const spread = weights['statistics/deviation'].values;
  const whitened = statistics.map((value, i) => Math.min(4, Math.max(-4, (value - centre[i]) / spread[i])));
  const vector = Array.from(dense(whitened, weights['code/kernel'], weights['code/bias']));
  return { vector, mean, root: colours };
}

/** A code between others; the shares sum to 1. */
export function mix(codes, shares) {
  const sum = (key) => codes[0][key].map((_, i) => codes.reduce((s, code, n) => s + shares[n] * code[key][i], 0));
  return { vector: sum('vector'), mean: sum('mean'), root: sum('root') };
}

/**
 * Scale and shift of every norm, gains of the noise, depthwise kernels.
 * @returns {Object<string, Float32Array>} `<layer>/scale`, `<layer>/shift`, `<noise>/gain`, `<block>/depthwise`.
 */
export function modulation(vector, plan, weights) {
  const hidden = dense(vector, weights['hidden/kernel'], weights['hidden/bias']);
  const active = hidden.map((h) => h / (1 + Math.exp(-h))); // SiLU
  const norms = dense(active, weights['norms/kernel'], weights['norms/bias']);
  const out = {};
  let start = 0;
  const take = (name, size) => {
    out[name] = norms.slice(start, start + size);
    start += size;
  };
  for (const { name, channels } of plan.normed) {
    take(`${name}/scale`, channels);
    take(`${name}/shift`, channels);
  }
  for (const { name, channels } of plan.noises) take(`${name}/gain`, channels);
  if (start !== norms.length) throw new Error(`the norms take ${start} numbers, the predictor gives ${norms.length}`);
  const kernels = dense(active, weights['depthwise/kernel'], weights['depthwise/bias']);
  const each = kernels.length / plan.blocks;
  for (let i = 0; i < plan.blocks; i++) out[`residual${i + 1}/depthwise`] = kernels.slice(i * each, (i + 1) * each);
  return out;
}
