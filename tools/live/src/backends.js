// One backend of TensorFlow.js in this worker: WebGL, WebAssembly (SIMD, one thread) or plain JavaScript.
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm/dist/base';
import '@tensorflow/tfjs-backend-webgl/dist/base';
import '@tensorflow/tfjs-backend-cpu/dist/base';
import binary from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm';
import cpu from './kernels_cpu.js';
import wasm from './kernels_wasm.js';
import webgl from './kernels_webgl.js';

const KERNELS = { cpu, wasm, webgl };
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/**
 * Start a backend.
 * @param {'cpu'|'wasm'|'webgl'} name
 * @param {boolean} anyway Take a WebGL that a processor imitates, too.
 * @returns {Promise<string>} What it runs on, as it calls itself.
 */
export async function start(name, anyway = false) {
  for (const kernel of KERNELS[name]) tf.registerKernel(kernel);
  if (name === 'wasm') giveBinary();
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false); // would need headers that a file cannot send
  if (!(await tf.setBackend(name))) throw new Error(`${name} does not start`);
  const renderer = name === 'webgl' ? rendererOf(tf.backend().gpgpu.gl) : '';
  if (SOFTWARE.test(renderer) && !anyway) throw new Error(`${renderer} is no graphics processor`);
  return renderer;
}

/** The backend asks its platform for the file; it lies in this script, and nothing is fetched. */
function giveBinary() {
  setWasmPaths('', true);
  tf.env().platform.fetch = async (path) => ({
    ok: path === 'tfjs-backend-wasm-simd.wasm', // a processor without SIMD asks for another
    arrayBuffer: async () => binary.buffer,
  });
}

function rendererOf(gl) {
  const names = gl.getExtension('WEBGL_debug_renderer_info');
  return String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}

/** Call back when the graphics processor is taken away. */
export function whenLost(callback) {
  if (tf.getBackend() === 'webgl') tf.backend().gpgpu.gl.canvas.addEventListener('webglcontextlost', callback);
}
