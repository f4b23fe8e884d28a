import { folder, moment, moved, point, report, until, video } from "/pages/page.js";

await report(async () => {
  const stage = document.getElementById("stage");
  stage.innerHTML = `<media-controller style="width:640px">
    <video slot="media" src="${folder}film.webm" muted preload="auto" crossorigin>
      <track kind="metadata" label="thumbnails" default src="${folder}storyboard.vtt">
    </video>
    <media-control-bar><media-time-range style="width:600px"></media-time-range></media-control-bar>
  </media-controller>`;
  await import("/node_modules/media-chrome/dist/index.js");
  const [media, range] = [stage.querySelector("video"), stage.querySelector("media-time-range")];
  await until(() => media.duration > 0 && media.textTracks[0]?.cues?.length, "the cues");
  return async (at) => {
    for (const type of ["pointerenter", "pointermove"]) point(range, at / media.duration, type, PointerEvent);
    range.dispatchEvent(new CustomEvent("mediapreviewrequest", { bubbles: true, composed: true, detail: at }));
    await moment();
    const preview = range.shadowRoot.querySelector("media-preview-thumbnail");
    const [url, coordinates] = [preview.getAttribute("mediapreviewimage"), preview.getAttribute("mediapreviewcoords")];
    if (!url) return null;
    const [x, y, width, height] = coordinates.split(" ").map(Number);
    return { url, x, y, width, height };
  };
});
