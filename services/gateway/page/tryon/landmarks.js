// Hands and faces in a picture, found by MediaPipe in this browser. Its files are fetched once somebody begins.

const VENDOR = "/page/vendor/mediapipe";
const SOLUTIONS = {
  hand: { folder: "hands", made: "Hands", options: { maxNumHands: 2, modelComplexity: 0, minDetectionConfidence: 0.4, minTrackingConfidence: 0.5 } },
  face: { folder: "face_mesh", made: "FaceMesh", options: { maxNumFaces: 1, refineLandmarks: false } },
};
const begun = {};
let live = Promise.resolve(); // one at a time: the two are built to share a page, not a moment

// What finds a "hand" or a "face". It is fetched at the first call; a failure is thrown, and tried anew when asked again.
export function finder(kind) {
  begun[kind] ??= begin(kind).catch((error) => {
    delete begun[kind];
    throw error;
  });
  return begun[kind];
}

// The landmarks in a picture or video frame, each {x, y, z} in its pixels (z: nearer is less, about in x's unit).
// `still`: it has nothing to do with the frame before. A hand also has `right`, whether it looks like a right one.
export async function landmarks(kind, image, width, height, still = true) {
  const found = await finder(kind);
  return found(image, width, height, still);
}

async function begin(kind) {
  const { folder, made, options } = SOLUTIONS[kind];
  await script(`${VENDOR}/${folder}/${folder}.js`);
  const solution = new window[made]({ locateFile: (file) => `${VENDOR}/${folder}/${vectorised(file)}` });
  solution.setOptions({ ...options, selfieMode: false, ...(drawnByProcessor() ? { useCpuInference: true } : {}) });
  let heard = null;
  let used = false;
  solution.onResults((results) => (heard = results));
  await alone(() => solution.initialize());
  return (image, width, height, still) => alone(async () => {
    if (still && used) solution.reset(); // else it looks first where the last hand was
    used = true;
    heard = null;
    await solution.send({ image });
    return kind === "hand" ? hands(heard, width, height) : faces(heard, width, height);
  });
}

// Whether WebGL here is a program and no graphics card: models run some twenty times faster beside it than through it.
function drawnByProcessor() {
  const gl = document.createElement("canvas").getContext("webgl");
  const named = gl?.getExtension("WEBGL_debug_renderer_info");
  const drawer = named ? gl.getParameter(named.UNMASKED_RENDERER_WEBGL) : gl?.getParameter(gl.RENDERER);
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(drawer ?? "");
}

// Every browser that reads modules as these has wasm with SIMD, or has it since 2023; the others are not carried.
function vectorised(file) {
  return file.includes("_wasm_bin") && !file.includes("_simd_") ? file.replace("_wasm_bin", "_simd_wasm_bin") : file;
}

function hands(heard, width, height) {
  return (heard?.multiHandLandmarks ?? []).map((points, number) => ({
    points: pixels(points, width, height),
    right: heard.multiHandedness[number]?.label === "Left", // it names them as in a mirror
    score: heard.multiHandedness[number]?.score ?? 0,
  }));
}

function faces(heard, width, height) {
  return (heard?.multiFaceLandmarks ?? []).map((points) => ({ points: pixels(points, width, height) }));
}

const pixels = (points, width, height) => points.map(({ x, y, z }) => ({ x: x * width, y: y * height, z: z * width }));

function alone(act) {
  const next = live.then(act, act);
  live = next.catch(() => {});
  return next;
}

function script(source) {
  return new Promise((resolve, reject) => {
    const made = document.createElement("script");
    made.src = source;
    made.crossOrigin = "anonymous";
    made.onload = resolve;
    made.onerror = () => reject(new Error(`${source} could not be fetched`));
    document.head.append(made);
  });
}
