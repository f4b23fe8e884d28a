import { background, folder, load, moment, point, report, until } from "/pages/page.js";

await report(async () => {
  await load("/node_modules/artplayer/dist/artplayer.js");
  await load("/node_modules/artplayer-plugin-vtt-thumbnail/dist/artplayer-plugin-vtt-thumbnail.js");
  document.getElementById("stage").innerHTML = '<div id="art" style="width:640px;height:360px"></div>';
  const player = new Artplayer({
    container: "#art",
    url: `${folder}film.webm`,
    muted: true,
    plugins: [artplayerPluginVttThumbnail({ vtt: `${folder}storyboard.vtt` })],
  });
  await until(() => player.duration > 0, "the length");
  return async (at) => {
    const progress = document.querySelector(".art-control-progress");
    point(progress, at / player.duration, "mousemove");
    await moment();
    return background(document.querySelector(".art-control-thumbnails"));
  };
});
