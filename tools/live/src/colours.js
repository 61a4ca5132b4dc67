// Mean and covariance of a picture's colours, and the root of the covariance: the closed-form colour map at the
// end of the network. Matrices of 3 x 3 are arrays of nine numbers, row by row.

/**
 * Mean and covariance of the pixels.
 * @param {Float32Array} pixels RGB in [0, 1], three numbers a pixel.
 * @returns {{mean: number[], covariance: number[]}}
 */
export function pixelMoments(pixels) {
  const count = pixels.length / 3;
  const mean = [0, 0, 0];
  for (let i = 0; i < pixels.length; i++) mean[i % 3] += pixels[i];
  for (let c = 0; c < 3; c++) mean[c] /= count;
  const covariance = new Array(9).fill(0);
  for (let i = 0; i < pixels.length; i += 3) {
    const d = [pixels[i] - mean[0], pixels[i + 1] - mean[1], pixels[i + 2] - mean[2]];
    for (let k = 0; k < 9; k++) covariance[k] += d[Math.floor(k / 3)] * d[k % 3];
  }
  return { mean, covariance: covariance.map((sum) => sum / count) };
}

/**
 * Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan, "Matrix
 * Computations", section 8.5).
 * @param {number[]} matrix Symmetric, 3 x 3.
 * @returns {{values: number[], vectors: number[]}} The eigenvectors are the columns.
 */
export function eigen(matrix) {
  const a = [...matrix];
  const vectors = [1, 0, 0, 0, 1, 0, 0, 0, 1];
  for (let sweep = 0; sweep < 12; sweep++)
    for (const [p, q] of [[0, 1], [0, 2], [1, 2]]) rotate(a, vectors, p, q);
  return { values: [a[0], a[4], a[8]], vectors };
}

/** One rotation in the plane of p and q that makes a[p][q] zero. */
function rotate(a, vectors, p, q) {
  const off = a[3 * p + q];
  if (off === 0) return;
  const tau = (a[4 * q] - a[4 * p]) / (2 * off);
  const t = Math.sign(tau || 1) / (Math.abs(tau) + Math.hypot(1, tau));
  const c = 1 / Math.hypot(1, t);
  const s = t * c;
  const columns = (m) => {
    for (let k = 0; k < 3; k++) {
      const [x, y] = [m[3 * k + p], m[3 * k + q]];
      m[3 * k + p] = c * x - s * y;
      m[3 * k + q] = s * x + c * y;
    }
  };
  columns(a);
  for (let k = 0; k < 3; k++) {
    const [x, y] = [a[3 * p + k], a[3 * q + k]];
    a[3 * p + k] = c * x - s * y;
    a[3 * q + k] = s * x + c * y;
  }
  columns(vectors);
}

/** The symmetric root of a covariance: root x root = covariance. */
export function root(covariance) {
  const { values, vectors } = eigen(covariance);
  const out = new Array(9).fill(0);
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++)
      for (let k = 0; k < 3; k++)
        out[3 * i + j] += vectors[3 * i + k] * Math.sqrt(Math.max(values[k], 0)) * vectors[3 * j + k];
  return out;
}
