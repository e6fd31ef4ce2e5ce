// A photo by the camera of a computer: filmed in a dialog, and taken when one says so. The film is sent to nobody.

import { words } from "./find-words.js";

const at = (id) => document.getElementById(id);
const QUALITY = 0.92;
let stream = null;

// `taken` gets each photo, a File.
export function beginCamera(taken) {
  at("film").hidden = !navigator.mediaDevices?.getUserMedia;
  at("film").addEventListener("click", open);
  at("film-cancel").addEventListener("click", () => at("film-dialog").close());
  at("film-dialog").addEventListener("close", stop);
  at("film-take").addEventListener("click", async () => {
    const photo = await still(at("film-video"));
    at("film-dialog").close();
    taken(photo);
  });
}

async function open() {
  at("film-said").textContent = words().cameraAsks;
  at("film-take").disabled = true;
  at("film-dialog").showModal();
  try {
    const given = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 1920 } }, audio: false });
    stream = given;
    if (!at("film-dialog").open) return stop(); // given up meanwhile
    at("film-video").srcObject = given;
    await at("film-video").play();
    at("film-said").textContent = words().cameraHold;
    at("film-take").disabled = false;
    return at("film-take").focus();
  } catch {
    return (at("film-said").textContent = words().cameraDenied);
  }
}

function stop() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = at("film-video").srcObject = null;
}

async function still(video) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  return new File([blob], "camera.jpg", { type: "image/jpeg" });
}
