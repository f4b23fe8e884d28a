import { film, folder, load, report, style, until } from "/pages/page.js";

await report(async () => {
  await style("/node_modules/xgplayer/dist/index.min.css");
  await load("/node_modules/xgplayer/dist/index.min.js");
  document.getElementById("stage").innerHTML = '<div id="xg"></div>';
  const player = new window.Player({ id: "xg", url: `${folder}film.webm`, width: 640, height: 360, autoplayMuted: true, ...film.players.xgplayer });
  await until(() => player.duration > 0, "the length");
  return async (at) => {
    const shown = player.plugins.thumbnail.getPosition(at);
    const { width, height } = film.players.xgplayer.thumbnail;
    return { url: new URL(shown.url, folder).href, x: shown.colIndex * width, y: shown.rowIndex * height, width, height };
  };
});
