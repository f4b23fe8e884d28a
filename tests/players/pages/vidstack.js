import { folder, moment, moved, report, style, until } from "/pages/page.js";

await report(async () => {
  const kind = location.hash === "#json" ? "json" : "vtt";
  await style("/node_modules/vidstack/player/styles/default/thumbnail.css");
  await import("/node_modules/vidstack/cdn/vidstack.js");
  const stage = document.getElementById("stage");
  stage.innerHTML = `<media-player src="${folder}film.webm" muted><media-provider></media-provider>
    <media-thumbnail class="vds-thumbnail" src="${folder}storyboard.${kind}" time="0"></media-thumbnail></media-player>`;
  const element = stage.querySelector("media-thumbnail");
  return async (at) => {
    element.setAttribute("time", at);
    await moment();
    const image = await until(() => element.querySelector("img")?.naturalWidth && element.querySelector("img"), "a picture");
    return moved(image, element);
  };
});
