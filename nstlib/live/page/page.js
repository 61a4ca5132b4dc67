// The page: what is chosen, what is painted, and what is said about it.

const facts = JSON.parse(document.getElementById('facts').textContent);
const the = (id) => document.getElementById(id);
const wish = new URLSearchParams(location.hash.slice(1)); // #backend=cpu, for trying one out
const NAMES = { webgl: 'graphics processor', wasm: 'processor', cpu: 'processor, plain JavaScript' };
const USUAL = { picture: { milliseconds: 5000, least: 320 }, camera: { milliseconds: 220, least: 192 } }; // where no size is chosen
const AT_ONCE = 600; // milliseconds; what takes longer gets a sketch first
const SKETCH = { milliseconds: 300, least: 192 };
const REST = 250; // milliseconds without a change, after which a sketch is worked out
const OWN_STYLE = 2500; // milliseconds after which the camera's own colours and strokes are read anew

const state = {
  photo: null, // {canvas, key, name}
  video: null, // of the camera, while it is on
  styles: new Map(), // name -> {label, canvas, code}
  chosen: ['', ''], // two of them
  sized: false, // whether the visitor chose a size
};
let brush = null;
let wanted = false; // whether something changed since the last painting began
let running = false;
let pace = 0; // milliseconds a picture, smoothed

// --- what is said ---------------------------------------------------------------------------------------

function trouble(sentence) {
  the('trouble').hidden = !sentence;
  the('trouble').firstElementChild.textContent = sentence;
}

function report({ milliseconds, width, height }) {
  pace = pace && state.video ? 0.8 * pace + 0.2 * milliseconds : milliseconds;
  const rate = 1000 / pace;
  const often = state.video ? ` · ${rate < 10 ? rate.toFixed(1) : Math.round(rate)} a second` : '';
  const on = NAMES[brush.best.backend] + (brush.lost ? ', because the graphics processor was taken away' : '');
  the('status').textContent = `${Math.round(pace)} ms${often} · ${width} × ${height} · ${on}`;
  const name = state.photo.name.toLowerCase();
  the('canvas').setAttribute('aria-label', `${name}, painted in the style of ${labels().join(' and ')}`);
}

function labels() {
  const share = the('share').value / 100;
  return state.chosen.filter((_, i) => (i ? share > 0 : share < 1)).map((name) => state.styles.get(name).label);
}

// --- painting -------------------------------------------------------------------------------------------

/** Paint what is chosen now; of changes during a painting only the last is painted. */
async function repaint() {
  wanted = true;
  wake();
  if (workingOut) brush.best?.stop();
  if (running || !brush?.best) return;
  running = true;
  the('frame').classList.add('busy');
  while (wanted || state.video) {
    wanted = false;
    try {
      await (state.video ? nextFrame().then(() => paint(chosenSize())) : paintInSteps());
    } catch (error) {
      failed(error);
    }
  }
  the('frame').classList.remove('busy');
  running = false;
}

/** Where the picture takes long: a small sketch at once, and when nothing changes any more, the whole. */
async function paintInSteps() {
  const size = chosenSize();
  const sketch = affordable(SKETCH, size);
  const { width, height } = seen();
  const [w, h] = sidesAt(width, height, size);
  if (sketch < size && brush.estimate(w * h) > AT_ONCE) {
    await paint(sketch);
    await rest();
    if (wanted || state.video) return;
  }
  workingOut = true;
  try {
    await paint(size);
  } finally {
    workingOut = false;
  }
}

let workingOut = false; // whether a painting is being made that a change may stop
let wake = () => {};
const rest = () => new Promise((resolve) => {
  wake = resolve;
  setTimeout(resolve, REST);
});

function failed({ message }) {
  if (message === 'stopped') return;
  if (state.video) stopCamera();
  trouble(`This could not be painted at ${chosenSize()} pixels (${message}). Choose a smaller size, or another picture.`);
}

const chosenSize = () => Number(the('size').value);

/** The largest longer side, up to a limit, at which this picture takes no longer than it may. */
function affordable({ milliseconds, least }, most) {
  const { width, height } = seen();
  const [w, h] = sidesAt(width, height, most);
  const side = most * Math.sqrt(milliseconds / brush.estimate(w * h));
  const step = Number(the('size').step);
  return Math.min(most, Math.max(least, Math.floor(side / step) * step));
}

const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve)); // pauses in a hidden tab

async function paint(size) {
  const { source, width, height, key } = seen();
  const canvas = drawn(source, width, height, sidesAt(width, height, size));
  const share = the('share').value / 100;
  const job = {
    ...bytesOf(canvas),
    small: size > facts.styleSize ? bytesOf(drawn(canvas, canvas.width, canvas.height, sidesAt(width, height, facts.styleSize))) : null,
    key: `${key} ${size}`,
    styles: state.chosen,
    shares: [1 - share, share],
    strength: the('strength').value / 100,
    keepColours: the('keep').checked,
  };
  const painting = await brush.paint(job, (name) => ({ name, ...bytesOf(state.styles.get(name).canvas), code: state.styles.get(name).code }));
  show(painting, canvas);
  report(painting);
}

/** What is painted: a frame of the camera, or the picture. */
function seen() {
  const { video, photo } = state;
  if (!video) return { source: photo.canvas, width: photo.canvas.width, height: photo.canvas.height, key: photo.key };
  const key = `camera ${Math.floor(performance.now() / OWN_STYLE)}`;
  return { source: video, width: video.videoWidth, height: video.videoHeight, key };
}

function show({ pixels, width, height }, photo) {
  const canvas = the('canvas');
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext('2d').putImageData(new ImageData(pixels, width, height), 0, 0);
  frame(photo);
  canvas.hidden = false;
  the('painting').hidden = true;
}

/** The photograph beside the painting, and a frame in its aspect ratio. */
function frame(photo) {
  const before = the('before');
  [before.width, before.height] = [photo.width, photo.height];
  before.getContext('2d').drawImage(photo, 0, 0);
  the('frame').style.setProperty('--aspect', photo.width / photo.height);
}

/** A size at which a painting does not take long here, unless the visitor chose one. */
function chooseSize() {
  if (state.sized || !brush?.best) return;
  the('size').value = affordable(state.video ? USUAL.camera : USUAL.picture, facts.first.size);
  sayValues();
}

// --- choices --------------------------------------------------------------------------------------------

function thumbnail(group, name, label, address) {
  const tile = document.createElement('label');
  tile.className = 'thumb';
  tile.title = label;
  tile.innerHTML = `<input type="radio" name="${group}"><img alt="">`;
  Object.assign(tile.firstChild, { value: name, ariaLabel: label });
  tile.lastChild.src = address;
  return tile;
}

function addTile(group, label, kind) {
  const tile = document.createElement('label');
  tile.className = 'thumb add';
  tile.title = label;
  tile.innerHTML = `+<input type="file" accept="image/*" aria-label="${label}">`;
  tile.lastChild.addEventListener('change', (event) => take(event.target, kind));
  the(group).append(tile);
}

async function takeFile(file, kind) {
  try {
    const canvas = await canvasOf(file);
    trouble('');
    if (kind === 'style') addStyle(canvas, file.name ?? 'your style');
    else usePhoto(canvas, file.name ?? 'your picture');
  } catch (error) {
    trouble(error.message);
  }
}

async function take(input, kind) {
  const [file] = input.files;
  input.value = ''; // so that the same file can be chosen again
  if (file) await takeFile(file, kind);
}

let own = 0; // pictures that the visitor brought

function usePhoto(canvas, name) {
  if (state.video) stopCamera();
  state.photo = { canvas, name, key: `own ${++own}` };
  for (const each of the('photos').querySelectorAll('input')) each.checked = false;
  chooseSize();
  repaint();
}

async function useExample(name) {
  const { label, picture } = facts.photos.find((each) => each.name === name);
  if (state.video) stopCamera();
  state.photo = { canvas: await canvasAt(picture), name: label, key: name };
  trouble('');
  chooseSize();
  repaint();
}

function addStyle(canvas, label) {
  const name = `own ${++own}`;
  const small = drawn(canvas, canvas.width, canvas.height, sidesAt(canvas.width, canvas.height, facts.styleSize));
  state.styles.set(name, { label, canvas: small, address: small.toDataURL('image/jpeg', 0.9) });
  const tile = thumbnail('style', name, label, state.styles.get(name).address);
  the('styles').prepend(tile);
  tile.firstChild.checked = true;
  tile.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  useStyle(name);
}

const well = () => Number(document.querySelector('[name=well]:checked').value);

/** Put a style into the well that is chosen, and see that it counts. */
async function useStyle(name) {
  const into = well();
  if (state.chosen[1 - into] === name) put(1 - into, state.chosen[into]); // a mixture of two
  const style = state.styles.get(name);
  style.canvas ??= await canvasAt(style.address);
  put(into, name);
  const share = the('share');
  if (into === 1 && share.value === '0') share.value = 50;
  if (into === 0 && share.value === '100') share.value = 0;
  sayValues();
  repaint();
}

function put(into, name) {
  state.chosen[into] = name;
  the(`well${into}`).src = state.styles.get(name).address;
}

function useWell() {
  const tile = [...the('styles').querySelectorAll('[name=style]')].find((each) => each.value === state.chosen[well()]);
  if (tile) tile.checked = true;
}

function sayValues() {
  the('strengthValue').textContent = `${the('strength').value} %`;
  the('sizeValue').textContent = `${the('size').value} pixels`;
  const share = the('share');
  share.ariaValueText = `${100 - share.value} % first, ${share.value} % second`;
}

// --- camera ---------------------------------------------------------------------------------------------

async function toggleCamera() {
  if (state.video) return stopCamera();
  try {
    const video = await openCamera();
    state.video = video;
    video.srcObject.getVideoTracks()[0].addEventListener('ended', () => {
      if (state.video !== video) return;
      stopCamera();
      trouble('The camera was taken away. The last frame stays.');
    });
  } catch (error) {
    return trouble(error.message);
  }
  trouble('');
  the('camera').ariaPressed = 'true';
  the('camera').textContent = 'Keep frame';
  the('frame').classList.add('mirror');
  for (const each of the('photos').querySelectorAll('input')) each.checked = false;
  pace = 0;
  chooseSize();
  repaint();
}

/** The last frame stays as the picture. */
function stopCamera() {
  const { video } = state;
  const canvas = drawn(video, video.videoWidth, video.videoHeight, [video.videoWidth, video.videoHeight]);
  state.video = null;
  closeCamera(video);
  state.photo = { canvas: mirrored(canvas), name: 'What the camera saw', key: `own ${++own}` };
  the('camera').ariaPressed = 'false';
  the('camera').textContent = 'Camera';
  the('frame').classList.remove('mirror');
  chooseSize();
  repaint();
}

/** As in a mirror, which is how people know themselves. */
function mirrored(canvas) {
  const out = document.createElement('canvas');
  [out.width, out.height] = [canvas.width, canvas.height];
  const context = out.getContext('2d');
  context.scale(-1, 1);
  context.drawImage(canvas, -canvas.width, 0);
  return out;
}

// --- save, paste, drop ----------------------------------------------------------------------------------

async function save() {
  const canvas = the('canvas').hidden ? await canvasAt(the('painting').src) : the('canvas');
  const shown = state.video ? mirrored(canvas) : canvas;
  const blob = await new Promise((resolve) => shown.toBlob(resolve, 'image/png'));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = `${[state.photo?.name ?? 'painting', ...labels()].join(' ').replace(/[^\p{L}\p{N}]+/gu, '-').toLowerCase()}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function paste(event) {
  const [file] = [...event.clipboardData.files];
  if (!file) return;
  event.preventDefault();
  takeFile(file, document.activeElement?.closest('.styles, .wells') ? 'style' : 'photo');
}

function dragging(event) {
  if (![...event.dataTransfer.types].includes('Files')) return;
  event.preventDefault();
  the('drop').hidden = false;
  for (const half of the('drop').children) half.classList.toggle('over', half === event.target);
}

function dropped(event) {
  event.preventDefault();
  the('drop').hidden = true;
  const [file] = event.dataTransfer.files;
  if (file) takeFile(file, event.target.dataset?.as ?? 'photo');
}

// --- the photograph beside the painting -----------------------------------------------------------------

function split(percent) {
  the('split').value = percent;
  the('frame').style.setProperty('--split', `${percent}%`);
  the('frame').classList.toggle('left', percent < 4);
  the('frame').classList.toggle('right', percent > 96);
}

/** At the beginning the photograph gives way to the painting. */
const curtain = { over: matchMedia('(prefers-reduced-motion: reduce)').matches };
function drawCurtain(begun) {
  if (curtain.over) return;
  const share = Math.min(1, (performance.now() - begun) / 1100);
  split(100 * (1 - share) ** 3);
  if (share < 1) requestAnimationFrame(() => drawCurtain(begun));
}

// --- beginning ------------------------------------------------------------------------------------------

function listen() {
  const on = (id, event, act) => the(id).addEventListener(event, act);
  on('photos', 'change', (event) => event.target.type === 'radio' && useExample(event.target.value));
  on('styles', 'change', (event) => event.target.type === 'radio' && useStyle(event.target.value));
  on('panel', 'change', (event) => event.target.name === 'well' && useWell());
  on('panel', 'submit', (event) => event.preventDefault());
  for (const id of ['strength', 'share', 'size', 'keep']) on(id, 'input', () => (sayValues(), repaint()));
  on('size', 'input', () => (state.sized = true));
  on('split', 'input', () => split(the('split').value));
  on('split', 'pointerdown', () => (curtain.over = true));
  on('split', 'keydown', () => (curtain.over = true));
  on('file', 'change', (event) => take(event.target, 'photo'));
  on('camera', 'click', toggleCamera);
  on('save', 'click', save);
  on('openAbout', 'click', () => the('about').showModal());
  the('trouble').lastElementChild.addEventListener('click', () => trouble(''));
  document.addEventListener('paste', paste);
  document.addEventListener('dragover', dragging);
  document.addEventListener('dragleave', (event) => event.relatedTarget || (the('drop').hidden = true));
  document.addEventListener('drop', dropped);
}

/** The choices, and the example that was painted in advance. */
async function furnish() {
  for (const { name, label, picture } of facts.photos) the('photos').append(thumbnail('photo', name, label, picture));
  for (const { name, label, picture, code } of facts.styles) {
    state.styles.set(name, { label, address: picture, code });
    the('styles').append(thumbnail('style', name, label, picture));
  }
  addTile('styles', 'A style picture of your own', 'style');
  put(0, facts.first.style);
  put(1, facts.first.second);
  document.querySelector(`[name=photo][value="${facts.first.photo}"]`).checked = true;
  useWell();
  sayValues();
  const { label, picture } = facts.photos.find(({ name }) => name === facts.first.photo);
  state.photo = { canvas: await canvasAt(picture), name: label, key: facts.first.photo };
  frame(state.photo.canvas);
  drawCurtain(performance.now());
  await Promise.all(state.chosen.map(async (name) => (state.styles.get(name).canvas = await canvasAt(state.styles.get(name).address))));
}

async function begin() {
  listen();
  const furnished = furnish();
  if (document.readyState === 'loading') await new Promise((resolve) => document.addEventListener('DOMContentLoaded', resolve));
  await furnished;
  const [engine, weights] = ['engine', 'weights'].map((id) => the(id).textContent);
  const { table, encoder, styles } = facts;
  brush = new Brush({ engine, weights, table, encoder, code: styles[0].code }, changed, wish.get('backend') ?? '');
  try {
    await brush.start();
  } catch (error) {
    trouble(`This browser cannot paint: it has neither WebAssembly nor WebGL for this page (${error.message}). Try a current Chrome, Firefox, Edge or Safari.`);
    the('status').textContent = 'An example, painted in advance';
  }
}

/** Another worker paints from now on. */
function changed() {
  chooseSize();
  const { width, height } = seen();
  const [w, h] = sidesAt(width, height, facts.first.size);
  const soon = chosenSize() === facts.first.size && brush.estimate(w * h) < AT_ONCE;
  if (brush.lost || wanted || state.video || soon) repaint();
  else the('status').textContent = `Ready · ${NAMES[brush.best.backend]}`;
}

begin();
